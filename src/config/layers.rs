use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde_yaml::{Mapping, Value};
use url::Url;

use super::tree::{lay_over, leaves, line_of, read, salvage, twig};
use super::{Config, ConfigError, EMBEDDED};

/// Environment variables that stand for a setting.
const VARIABLES: [(&str, &str); 9] = [
    ("CALLHOME_CONTEXT", "current-context"),
    ("CALLHOME_DATA_DIR", "data_dir"),
    ("CALLHOME_OUTPUT", "output"),
    ("CALLHOME_SERVER_NAME", "server.name"),
    ("CALLHOME_LISTEN_HTTPS", "server.listen_https"),
    ("CALLHOME_LISTEN_SIP", "server.listen_sip"),
    ("CALLHOME_LISTEN_SIPS", "server.listen_sips"),
    ("CALLHOME_PUBLIC_URL", "server.public_url"),
    ("CALLHOME_SIP_DOMAIN", "server.sip_domain"),
];

/// Where settings may come from.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// What flags say, strongest of all.
    pub flags: Vec<Override>,
    /// The environment; variables that stand for no setting are passed over.
    pub environment: Vec<(String, String)>,
    /// `.callhome.yaml` of the working folder.
    pub project: Option<PathBuf>,
    /// The user's file.
    pub user: Option<PathBuf>,
    /// The system's file.
    pub system: Option<PathBuf>,
    /// What `~/` stands for in paths.
    pub home: Option<PathBuf>,
}

/// A setting given by a flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// The setting, as in `server.listen_https`.
    pub key: &'static str,
    /// Its value.
    pub value: String,
    /// The flag, as in `--listen`.
    pub flag: &'static str,
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said anything.
    Default,
    /// A file, with the line where it is known.
    File(PathBuf, Option<usize>),
    /// An environment variable.
    Environment(String),
    /// A flag.
    Flag(String),
}

/// One setting in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Dotted key, as in `contexts.lab.server`.
    pub key: String,
    /// Its value as YAML on one line.
    pub value: String,
    /// Where it came from.
    pub origin: Origin,
}

/// The settings in force with where each came from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The settings.
    pub config: Config,
    tree: Mapping,
    origins: BTreeMap<String, Origin>,
    project: Option<PathBuf>,
}

/// Reads, checks and merges all layers. Files that do not exist say nothing.
///
/// # Errors
/// [`ConfigError`] with file and line, or the flag or variable, and what is expected there.
pub fn load(sources: &Sources) -> Result<Loaded, ConfigError> {
    let mut loaded = Loaded {
        config: Config::default(),
        tree: Mapping::new(),
        origins: BTreeMap::new(),
        project: sources.project.clone(),
    };
    let home = sources.home.as_deref();
    for file in [&sources.system, &sources.user].into_iter().flatten() {
        if let Some((text, tree)) = read(file, home)? {
            loaded.add_file(file, &text, &tree);
        }
    }
    if let Some(file) = &sources.project
        && let Some((text, tree)) = read(file, home)?
    {
        let tree = loaded.check_project(file, &text, tree)?;
        loaded.add_file(file, &text, &tree);
    }
    for (variable, key) in VARIABLES {
        let said = sources
            .environment
            .iter()
            .find(|(name, value)| name == variable && !value.is_empty());
        if let Some((_, value)) = said {
            loaded.add_override(key, value, Origin::Environment(variable.to_owned()))?;
        }
    }
    for flag in &sources.flags {
        loaded.add_override(flag.key, &flag.value, Origin::Flag(flag.flag.to_owned()))?;
    }
    loaded.finish()
}

/// Every setting that holds, also when others do not, and what is wrong with those.
#[must_use]
pub fn survey(sources: &Sources) -> (Vec<Setting>, Vec<ConfigError>) {
    let mut loaded = Loaded {
        config: Config::default(),
        tree: Mapping::new(),
        origins: BTreeMap::new(),
        project: sources.project.clone(),
    };
    let mut faults = Vec::new();
    let home = sources.home.as_deref();
    for file in [&sources.system, &sources.user].into_iter().flatten() {
        if let Some((text, tree)) = salvage(file, home, &mut faults) {
            loaded.add_file(file, &text, &tree);
        }
    }
    if let Some(file) = &sources.project
        && let Some((text, tree)) = salvage(file, home, &mut faults)
    {
        match loaded.check_project(file, &text, tree) {
            Ok(tree) => loaded.add_file(file, &text, &tree),
            Err(fault) => faults.push(fault),
        }
    }
    for (variable, key) in VARIABLES {
        let said = sources.environment.iter();
        let said = said.filter(|(name, value)| name == variable && !value.is_empty());
        for (_, value) in said {
            let origin = Origin::Environment(variable.to_owned());
            faults.extend(loaded.add_override(key, value, origin).err());
        }
    }
    for flag in &sources.flags {
        let origin = Origin::Flag(flag.flag.to_owned());
        faults.extend(loaded.add_override(flag.key, &flag.value, origin).err());
    }
    match loaded.clone().finish() {
        Ok(loaded) => (loaded.explain(), faults),
        Err(fault) => {
            loaded.config =
                serde_yaml::from_value(Value::Mapping(loaded.tree.clone())).unwrap_or_default();
            // What was left out may be what is missing now: then it is told already.
            if faults.is_empty() {
                faults.push(fault);
            }
            (loaded.explain(), faults)
        }
    }
}

impl Loaded {
    /// Where the value of a setting came from.
    #[must_use]
    pub fn origin(&self, key: &str) -> Origin {
        self.origins.get(key).cloned().unwrap_or(Origin::Default)
    }

    /// Whether a context is known from the working folder's file alone: nobody on this machine vouched for it.
    #[must_use]
    pub fn is_of_project(&self, context: &str) -> bool {
        let said = self.origins.get(&format!("contexts.{context}.server"));
        matches!((said, &self.project), (Some(Origin::File(file, _)), Some(project)) if file == project)
    }

    /// Every setting in force, by key; the context is there also when nobody chose one.
    #[must_use]
    pub fn explain(&self) -> Vec<Setting> {
        let mut settings: Vec<Setting> = leaves(&self.tree)
            .into_iter()
            .map(|(key, value)| Setting {
                origin: self.origin(&key),
                value: flat(value),
                key,
            })
            .collect();
        if self.config.current_context.is_none() {
            settings.push(Setting {
                key: "current-context".into(),
                value: EMBEDDED.into(),
                origin: Origin::Default,
            });
        }
        settings.sort_by(|a, b| a.key.cmp(&b.key));
        settings
    }

    fn add_file(&mut self, file: &Path, text: &str, tree: &Mapping) {
        for (key, _) in leaves(tree) {
            let line = line_of(text, &key);
            self.origins
                .insert(key, Origin::File(file.to_owned(), line));
        }
        lay_over(&mut self.tree, tree);
    }

    fn add_override(&mut self, key: &str, value: &str, origin: Origin) -> Result<(), ConfigError> {
        let tree = twig(key, value);
        serde_yaml::from_value::<Config>(Value::Mapping(tree.clone())).map_err(|e| {
            ConfigError::Override {
                origin: origin.to_string(),
                message: format!("{value:?} does not fit: {e}"),
            }
        })?;
        lay_over(&mut self.tree, &tree);
        self.origins.insert(key.to_owned(), origin);
        Ok(())
    }

    /// The working folder's file may come with anybody's files: what it may say is little.
    ///
    /// Gives what of it is new: a context that the user set up for the same server holds as the user has it.
    fn check_project(
        &self,
        file: &Path,
        text: &str,
        mut tree: Mapping,
    ) -> Result<Mapping, ConfigError> {
        if let Some(Value::Mapping(contexts)) = tree.get_mut("contexts") {
            contexts.retain(|name, said| {
                let known = self.tree.get("contexts").and_then(|c| c.get(name));
                let known = known.and_then(|k| k.get("server")).and_then(as_url);
                known.is_none() || known != said.get("server").and_then(as_url)
            });
        }
        let refuse = |key: &str, message: String| {
            Err(ConfigError::Content {
                file: file.to_owned(),
                line: line_of(text, key),
                message,
            })
        };
        for (key, _) in leaves(&tree) {
            let parts: Vec<&str> = key.split('.').collect();
            match parts.as_slice() {
                ["current-context" | "output"] => {}
                ["contexts", name, _] if self.has_context(name) => {
                    return refuse(
                        &key,
                        format!(
                            "a working folder's file cannot change the context {name:?} that the user or the system set up"
                        ),
                    );
                }
                ["contexts", _, "server" | "ca_file" | "operator"] => {}
                _ => {
                    return refuse(
                        &key,
                        format!(
                            "{key} cannot be set by a working folder's file: put it into the user's or the system's file"
                        ),
                    );
                }
            }
        }
        Ok(tree)
    }

    fn has_context(&self, name: &str) -> bool {
        self.tree
            .get("contexts")
            .and_then(|c| c.get(name))
            .is_some()
    }

    fn finish(mut self) -> Result<Self, ConfigError> {
        self.config = serde_yaml::from_value(Value::Mapping(self.tree.clone())).map_err(|e| {
            // Each layer was right by itself, so this is one that only holds in part.
            ConfigError::Override {
                origin: "the settings taken together".into(),
                message: e.to_string(),
            }
        })?;
        let name = self.config.context_name();
        if name != EMBEDDED && !self.config.contexts.contains_key(name) {
            let known: Vec<&str> = std::iter::once(EMBEDDED)
                .chain(self.config.contexts.keys().map(String::as_str))
                .collect();
            return Err(ConfigError::NoSuchContext {
                name: name.to_owned(),
                chosen_by: format!("chosen by {}", self.origin("current-context")),
                known: known.join(", "),
            });
        }
        Ok(self)
    }
}

/// An address, however it is written.
fn as_url(value: &Value) -> Option<Url> {
    Url::parse(value.as_str()?).ok()
}

/// A value on one line, in YAML's flow style, which JSON is.
fn flat(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => serde_json::to_string(other).unwrap_or_default(),
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(file, None) => write!(f, "{}", file.display()),
            Self::File(file, Some(line)) => write!(f, "{}, line {line}", file.display()),
            Self::Environment(name) => write!(f, "environment variable {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

#[cfg(test)]
#[path = "layers_tests.rs"]
mod tests;
