use clap::{Args, ValueEnum};

/// Form of the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum Format {
    /// For people
    #[default]
    Table,
    /// For people, with every column
    Wide,
    /// One JSON document
    Json,
    /// One JSON object a line
    Ndjson,
    /// One YAML document
    Yaml,
    /// Comma-separated values with a header
    Csv,
    /// Tab-separated values with a header
    Tsv,
    /// Only the ids, one a line
    Name,
}

impl Format {
    /// Whether errors are told as one JSON line.
    #[must_use]
    pub(crate) const fn is_json(self) -> bool {
        matches!(self, Self::Json | Self::Ndjson)
    }

    /// Whether it is made for people rather than programs.
    #[must_use]
    pub(crate) const fn is_for_people(self) -> bool {
        matches!(self, Self::Table | Self::Wide)
    }
}

/// Flags that shape the output; every command has them.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct OutputFlags {
    /// table, wide, json, ndjson, yaml, csv, tsv or name (ids only)
    #[arg(
        short = 'o',
        long = "output",
        value_name = "FORM",
        global = true,
        value_enum,
        hide_possible_values = true,
        help_heading = "Common options"
    )]
    pub format: Option<Format>,
    /// Only these columns, separated by commas
    #[arg(
        long,
        value_name = "NAMES",
        global = true,
        value_delimiter = ',',
        help_heading = "Common options"
    )]
    pub columns: Vec<String>,
    /// Filter the JSON document with a jq program
    #[arg(
        long,
        value_name = "PROGRAM",
        global = true,
        help_heading = "Common options"
    )]
    pub jq: Option<String>,
}
