use std::path::{Path, PathBuf};

use serde_yaml::{Mapping, Value};

use super::secrets::KEPT;
use super::{Config, ConfigError};

/// A file's text as a tree, after it was checked as a whole; `None` when there is no such file.
pub(super) fn read(
    file: &Path,
    home: Option<&Path>,
) -> Result<Option<(String, Mapping)>, ConfigError> {
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(ConfigError::file("read", file)(e)),
    };
    parse(file, &text, home).map(|tree| Some((text, tree)))
}

/// Checks `text` against the settings there are, and gives it as a tree with absolute paths.
pub(super) fn parse(file: &Path, text: &str, home: Option<&Path>) -> Result<Mapping, ConfigError> {
    // Straight from the text, because only so errors know their line.
    serde_yaml::from_str::<Option<Config>>(text).map_err(|e| ConfigError::yaml(file, &e))?;
    let mut tree: Value = serde_yaml::from_str(text).map_err(|e| ConfigError::yaml(file, &e))?;
    let folder = file.parent().unwrap_or(Path::new("."));
    absolute(&mut tree, folder, home);
    match tree {
        Value::Mapping(mapping) => Ok(mapping),
        _ => Ok(Mapping::new()),
    }
}

/// What holds in a file of which some does not: settings are taken one by one, and those that do not fit become
/// faults. `None` when there is no such file or it is no YAML.
pub(super) fn salvage(
    file: &Path,
    home: Option<&Path>,
    faults: &mut Vec<ConfigError>,
) -> Option<(String, Mapping)> {
    let whole = match read(file, home) {
        Ok(found) => return found,
        Err(fault) => fault,
    };
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let Ok(Value::Mapping(said)) = serde_yaml::from_str::<Value>(&text) else {
        faults.push(whole);
        return None;
    };
    let mut good = Mapping::new();
    let mut bad = Vec::new();
    for (path, piece) in pieces(&said) {
        match serde_yaml::from_value::<Config>(Value::Mapping(piece.clone())) {
            Ok(_) => lay_over(&mut good, &piece),
            Err(error) => bad.push(ConfigError::setting(
                file,
                line_of(&text, &path),
                &path,
                &error,
            )),
        }
    }
    match bad.len() {
        // The file as a whole knows the very line.
        0 | 1 => faults.push(whole),
        _ => faults.append(&mut bad),
    }
    let mut tree = Value::Mapping(good);
    absolute(&mut tree, file.parent().unwrap_or(Path::new(".")), home);
    match tree {
        Value::Mapping(tree) => Some((text, tree)),
        _ => None,
    }
}

/// The settings of a file, each in a tree of its own: what stands under `server` and `contexts` one by one.
fn pieces(said: &Mapping) -> Vec<(String, Mapping)> {
    let mut found = Vec::new();
    for (key, value) in said {
        let name = key.as_str().unwrap_or_default();
        match value {
            Value::Mapping(inner) if matches!(name, "server" | "contexts") => {
                for (below, value) in inner {
                    let path = format!("{name}.{}", below.as_str().unwrap_or_default());
                    let one = Mapping::from_iter([(below.clone(), value.clone())]);
                    let tree = Mapping::from_iter([(key.clone(), Value::Mapping(one))]);
                    found.push((path, tree));
                }
            }
            value => {
                let tree = Mapping::from_iter([(key.clone(), value.clone())]);
                found.push((name.to_owned(), tree));
            }
        }
    }
    found
}

/// Makes the paths in a tree absolute: in a file they are relative to that file's folder.
fn absolute(tree: &mut Value, folder: &Path, home: Option<&Path>) {
    match tree {
        Value::Mapping(mapping) => {
            for (key, value) in mapping {
                let name = key.as_str().unwrap_or_default();
                if name == "header_files" {
                    if let Value::Mapping(files) = value {
                        files.values_mut().for_each(|v| one(v, folder, home));
                    }
                } else if name == "data_dir" || name.ends_with("_file") {
                    one(value, folder, home);
                } else {
                    absolute(value, folder, home);
                }
            }
        }
        Value::Sequence(items) => {
            for item in items {
                absolute(item, folder, home);
            }
        }
        _ => {}
    }
}

fn one(value: &mut Value, folder: &Path, home: Option<&Path>) {
    if let Value::String(text) = value
        && !text.starts_with(KEPT)
    {
        let path: PathBuf = match (text.strip_prefix("~/"), home) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => folder.join(text.as_str()),
        };
        *text = path.to_string_lossy().into_owned();
    }
}

/// The line on which the keys of `path` stand one below the other; for messages only.
pub(super) fn line_of(text: &str, path: &str) -> Option<usize> {
    let mut keys = path.split('.');
    let mut wanted = keys.next()?;
    for (number, line) in text.lines().enumerate() {
        let line = line.trim_start();
        let key = line.split(':').next().unwrap_or_default();
        if line.contains(':') && key.trim().trim_matches(['"', '\'']) == wanted {
            match keys.next() {
                Some(next) => wanted = next,
                None => return Some(number + 1),
            }
        }
    }
    None
}

/// All leaves of a tree with their dotted paths; lists count as leaves.
pub(super) fn leaves(mapping: &Mapping) -> Vec<(String, &Value)> {
    let mut found = Vec::new();
    collect(mapping, "", &mut found);
    found
}

fn collect<'a>(mapping: &'a Mapping, prefix: &str, found: &mut Vec<(String, &'a Value)>) {
    for (key, value) in mapping {
        let Some(key) = key.as_str() else { continue };
        let path = if prefix.is_empty() {
            key.to_owned()
        } else {
            format!("{prefix}.{key}")
        };
        match value {
            Value::Mapping(inner) => collect(inner, &path, found),
            // `contexts:` with nothing below says nothing.
            Value::Null => {}
            leaf => found.push((path, leaf)),
        }
    }
}

/// Lays `upper` over `lower`: mappings key by key, everything else as a whole.
pub(super) fn lay_over(lower: &mut Mapping, upper: &Mapping) {
    for (key, value) in upper {
        match (lower.get_mut(key), value) {
            (_, Value::Null) => {}
            (Some(Value::Mapping(below)), Value::Mapping(above)) => lay_over(below, above),
            _ => {
                lower.insert(key.clone(), value.clone());
            }
        }
    }
}

/// A tree with one leaf.
pub(super) fn twig(path: &str, value: &str) -> Mapping {
    let (first, rest) = path
        .split_once('.')
        .map_or((path, None), |(first, rest)| (first, Some(rest)));
    let inner = match rest {
        Some(rest) => Value::Mapping(twig(rest, value)),
        None => Value::String(value.to_owned()),
    };
    Mapping::from_iter([(Value::String(first.to_owned()), inner)])
}
