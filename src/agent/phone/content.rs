use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::vcard::{Contact, parse_vcards, to_vcards};
use crate::agent::chance::Chance;

/// What is on a phone: contacts by group, documents, media.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Content {
    contacts: BTreeMap<String, Vec<Contact>>,
    documents: BTreeMap<String, Blob>,
    media: BTreeMap<String, Blob>,
}

/// Which part of the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Contacts, one vCard file for each group.
    Contacts,
    /// Documents.
    Documents,
    /// Pictures, sounds, films.
    Media,
}

/// One item of a backup: kind and name, entries, content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Kind and name, as in `contacts/work.vcf`.
    pub path: String,
    /// Contacts in a group; 1 for a file.
    pub entries: u32,
    /// Its content.
    pub content: Vec<u8>,
}

/// Bytes that stand in JSON as base64.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Blob(Vec<u8>);

impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&data_encoding::BASE64.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        data_encoding::BASE64
            .decode(text.as_bytes())
            .map(Self)
            .map_err(serde::de::Error::custom)
    }
}

const FIRST: [&str; 8] = [
    "Anna", "Björn", "Cécile", "Dmitri", "Elif", "Farid", "Greta", "Håkan",
];
const LAST: [&str; 7] = [
    "Andersson",
    "Bakker",
    "Costa",
    "Dubois",
    "Eriksson",
    "Fischer",
    "García",
];

impl Part {
    /// All parts.
    pub const ALL: [Self; 3] = [Self::Contacts, Self::Documents, Self::Media];

    /// The word in paths and actions.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Contacts => "contacts",
            Self::Documents => "documents",
            Self::Media => "media",
        }
    }

    /// The parts that a word names: one of them, or all for `all` and for none.
    #[must_use]
    pub fn named(word: Option<&str>) -> Option<Vec<Self>> {
        match word {
            None | Some("all") => Some(Self::ALL.to_vec()),
            Some(word) => Self::ALL
                .into_iter()
                .find(|p| p.word() == word)
                .map(|p| vec![p]),
        }
    }
}

impl Content {
    /// What a phone has when it is new to us: 42 contacts in three groups, three documents, two pictures.
    #[must_use]
    pub fn furnished(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let mut pick = |from: &[&'static str]| {
            let at = usize::try_from(chance.below(from.len() as u64)).unwrap_or(0);
            from.get(at).copied().unwrap_or_default()
        };
        let mut contacts = BTreeMap::new();
        let mut serial = 0;
        for (group, count) in [("family", 9), ("friends", 15), ("work", 18)] {
            let people = (0..count)
                .map(|_| {
                    serial += 1;
                    let name = format!("{} {}", pick(&FIRST), pick(&LAST));
                    Contact {
                        email: format!("contact{serial}@example.net"),
                        tel: format!("+1408555{serial:04}"),
                        name,
                    }
                })
                .collect();
            contacts.insert(group.to_owned(), people);
        }
        let text = |t: String| Blob(t.into_bytes());
        let documents = BTreeMap::from([
            ("P Dat.txt".to_owned(), text("Plan of the day\n".repeat(40))),
            (
                "Plan 2026.txt".to_owned(),
                text(format!("Budget of phone {seed:x}\n")),
            ),
            (
                "Reise – März.txt".to_owned(),
                text("Lund, Malmö, Köln\n".to_owned()),
            ),
        ]);
        let picture = |n: u64| {
            let mut chance = Chance::new(seed ^ n);
            let mut bytes = vec![0xff, 0xd8, 0xff, 0xe0];
            bytes.extend((0..256).flat_map(|_| chance.draw().to_be_bytes()));
            Blob(bytes)
        };
        let media = BTreeMap::from([
            ("IMG_0001.jpg".to_owned(), picture(1)),
            ("IMG_0002.jpg".to_owned(), picture(2)),
        ]);
        Self {
            contacts,
            documents,
            media,
        }
    }

    /// How many contacts, documents and media there are.
    #[must_use]
    pub fn counts(&self) -> (usize, usize, usize) {
        (
            self.contacts.values().map(Vec::len).sum(),
            self.documents.len(),
            self.media.len(),
        )
    }

    /// Paths of what a backup of a part holds; for contacts only the groups named, if any are.
    #[must_use]
    pub fn paths(&self, part: Part, groups: &[String]) -> Vec<String> {
        let wanted = |name: &String| groups.is_empty() || groups.contains(name);
        match part {
            Part::Contacts => self
                .contacts
                .keys()
                .filter(|g| wanted(g))
                .map(|g| format!("contacts/{g}.vcf"))
                .collect(),
            Part::Documents => self
                .documents
                .keys()
                .map(|n| format!("documents/{n}"))
                .collect(),
            Part::Media => self.media.keys().map(|n| format!("media/{n}")).collect(),
        }
    }

    /// The item at a path.
    #[must_use]
    pub fn item(&self, path: &str) -> Option<Item> {
        let (kind, name) = path.split_once('/')?;
        let (entries, content) = match kind {
            "contacts" => {
                let people = self.contacts.get(name.strip_suffix(".vcf")?)?;
                let count = u32::try_from(people.len()).unwrap_or(u32::MAX);
                (count, to_vcards(people).into_bytes())
            }
            "documents" => (1, self.documents.get(name)?.0.clone()),
            "media" => (1, self.media.get(name)?.0.clone()),
            _ => return None,
        };
        Some(Item {
            path: path.to_owned(),
            entries,
            content,
        })
    }

    /// The path of a file that is only named: among documents first, then media.
    #[must_use]
    pub fn find_file(&self, name: &str) -> Option<String> {
        if self.documents.contains_key(name) {
            Some(format!("documents/{name}"))
        } else if self.media.contains_key(name) {
            Some(format!("media/{name}"))
        } else {
            self.item(name).map(|item| item.path)
        }
    }

    /// Puts an item at its path; gives how many entries it had, or `None` when the path or the content makes no sense.
    pub fn put(&mut self, path: &str, content: &[u8]) -> Option<u32> {
        let (kind, name) = path.split_once('/')?;
        if name.is_empty() {
            return None;
        }
        match kind {
            "contacts" => {
                let people = parse_vcards(std::str::from_utf8(content).ok()?)?;
                let count = u32::try_from(people.len()).ok()?;
                let group = name.strip_suffix(".vcf").unwrap_or(name).to_owned();
                self.contacts.insert(group, people);
                Some(count)
            }
            "documents" => {
                self.documents
                    .insert(name.to_owned(), Blob(content.to_vec()));
                Some(1)
            }
            "media" => {
                self.media.insert(name.to_owned(), Blob(content.to_vec()));
                Some(1)
            }
            _ => None,
        }
    }

    /// Erases a part.
    pub fn erase(&mut self, part: Part) {
        match part {
            Part::Contacts => self.contacts.clear(),
            Part::Documents => self.documents.clear(),
            Part::Media => self.media.clear(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_backed_up_and_put_back_is_the_same() {
        let full = Content::furnished(7);
        assert_eq!(full.counts(), (42, 3, 2));
        let mut empty = Content::default();
        for part in Part::ALL {
            for path in full.paths(part, &[]) {
                let item = full.item(&path).expect("listed");
                assert_eq!(
                    empty.put(&path, &item.content),
                    Some(item.entries),
                    "{path}"
                );
            }
        }
        assert_eq!(empty, full);
        let json = serde_json::to_vec(&full).expect("plain data");
        assert_eq!(
            serde_json::from_slice::<Content>(&json).expect("as written"),
            full
        );
    }

    #[test]
    fn groups_choose_contacts_and_erasing_leaves_the_rest() {
        let mut content = Content::furnished(1);
        assert_eq!(
            content.paths(Part::Contacts, &["work".into()]),
            ["contacts/work.vcf"]
        );
        content.erase(Part::Contacts);
        assert_eq!(content.counts(), (0, 3, 2));
        assert_eq!(
            content.find_file("P Dat.txt").as_deref(),
            Some("documents/P Dat.txt")
        );
        assert_eq!(content.find_file("nowhere"), None);
        for (path, bytes) in [
            ("x/y", &b"a"[..]),
            ("documents/", b"a"),
            ("contacts/a.vcf", b"\xff"),
        ] {
            assert_eq!(content.put(path, bytes), None, "{path}");
        }
    }
}
