use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::domain::{ActionTemplate, Timestamp};

/// A saved list of actions with places to fill in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct Template {
    /// Its name, as in `lost-phone`.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub about: Option<String>,
    /// The actions in order, as in `lck({message})`.
    pub actions: Vec<ActionTemplate>,
    /// Who saved it last.
    pub saved_by: String,
    /// When.
    pub saved_at: Timestamp,
}

/// What is needed to save one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(utoipa::ToSchema))]
pub struct NewTemplate {
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// The actions in order; 1 to 16.
    pub actions: Vec<ActionTemplate>,
}

impl Template {
    /// The names of what is to be filled in.
    #[must_use]
    pub fn names(&self) -> BTreeSet<String> {
        self.actions
            .iter()
            .flat_map(ActionTemplate::names)
            .collect()
    }
}
