use serde_json::Value;

use super::filter::filter;
use super::format::Format;
use super::table::table;
use super::view::{Column, View};

/// How a view is to be rendered.
#[derive(Debug, Clone)]
pub(crate) struct Style {
    /// Form.
    pub format: Format,
    /// Only these columns; all that the form has when empty.
    pub columns: Vec<String>,
    /// Filter over the JSON document.
    pub jq: Option<String>,
    /// Columns of the terminal.
    pub width: usize,
}

/// Why a view cannot be rendered as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RenderError {
    /// A column that there is not.
    #[error("there is no column {name:?}; there are {known}")]
    Column {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// This output has no columns.
    #[error("this output has no columns to choose from; use --jq with -o json")]
    NoColumns,
    /// The filter is wrong or failed.
    #[error("--jq: {0}")]
    Filter(String),
}

/// Renders a view. Pure: the same view and style give the same text.
///
/// # Errors
/// [`RenderError`] when a column is unknown or the filter fails.
pub(crate) fn render(view: &View, style: &Style) -> Result<String, RenderError> {
    if let Some(program) = &style.jq {
        return filter(program, &view.document()).map_err(RenderError::Filter);
    }
    if !style.columns.is_empty() {
        let chosen = chosen(view, &style.columns)?;
        return Ok(match style.format {
            Format::Csv => separated(view, &chosen, b','),
            Format::Tsv => separated(view, &chosen, b'\t'),
            Format::Json | Format::Ndjson | Format::Yaml => by_columns(view, &chosen, style.format),
            _ => as_table(view, &chosen, style.width),
        });
    }
    Ok(match style.format {
        Format::Json => format!("{:#}\n", view.document()),
        Format::Ndjson => view.lines().iter().map(|l| format!("{l}\n")).collect(),
        Format::Yaml => yaml(&view.document()),
        Format::Csv => separated(view, &all(view), b','),
        Format::Tsv => separated(view, &all(view), b'\t'),
        Format::Name => names(view),
        Format::Table | Format::Wide => for_people(view, style),
    })
}

fn for_people(view: &View, style: &Style) -> String {
    if let Some(text) = &view.text {
        return text.clone();
    }
    if view.is_empty_list() {
        return String::new();
    }
    if view.columns.is_empty() {
        return view.items().iter().map(yaml).collect();
    }
    let columns: Vec<&Column> = view
        .columns
        .iter()
        .filter(|c| !c.wide || style.format == Format::Wide)
        .collect();
    // Wide tables are for wide terminals and for grep: their lines are not broken.
    let width = if style.format == Format::Wide {
        usize::from(u16::MAX)
    } else {
        style.width
    };
    as_table(view, &columns, width)
}

fn all(view: &View) -> Vec<&Column> {
    view.columns.iter().collect()
}

fn chosen<'v>(view: &'v View, names: &[String]) -> Result<Vec<&'v Column>, RenderError> {
    if view.columns.is_empty() {
        return Err(RenderError::NoColumns);
    }
    names
        .iter()
        .map(|name| {
            view.columns
                .iter()
                .find(|c| c.name.eq_ignore_ascii_case(name.trim()))
                .ok_or_else(|| RenderError::Column {
                    name: name.clone(),
                    known: all(view)
                        .iter()
                        .map(|c| c.name.as_ref())
                        .collect::<Vec<_>>()
                        .join(", "),
                })
        })
        .collect()
}

fn rows(view: &View, columns: &[&Column], for_people: bool) -> Vec<Vec<String>> {
    view.items()
        .iter()
        .map(|item| {
            let cells = columns.iter().map(|c| c.of_item(item, for_people));
            cells.collect()
        })
        .collect()
}

fn as_table(view: &View, columns: &[&Column], width: usize) -> String {
    let header: Vec<String> = columns.iter().map(|c| c.name.to_uppercase()).collect();
    table(&header, &rows(view, columns, true), width)
}

fn by_columns(view: &View, columns: &[&Column], format: Format) -> String {
    let items: Vec<Value> = rows(view, columns, false)
        .into_iter()
        .map(|row| {
            columns
                .iter()
                .zip(row)
                .map(|(c, cell)| (c.name.to_string(), Value::String(cell)))
                .collect()
        })
        .collect();
    match format {
        Format::Ndjson => items.iter().map(|l| format!("{l}\n")).collect(),
        Format::Yaml => yaml(&Value::Array(items)),
        _ => format!("{:#}\n", Value::Array(items)),
    }
}

fn separated(view: &View, columns: &[&Column], delimiter: u8) -> String {
    if columns.is_empty() {
        // A single thing without columns: its scalar fields, name and value.
        let fields = view.items().iter().filter_map(Value::as_object).flatten();
        let rows = fields
            .filter(|(_, v)| !v.is_object() && !v.is_array())
            .map(|(k, v)| {
                vec![
                    k.clone(),
                    v.as_str().map_or_else(|| v.to_string(), str::to_owned),
                ]
            });
        return write_separated(&["field".to_owned(), "value".to_owned()], rows, delimiter);
    }
    let header: Vec<String> = columns.iter().map(|c| c.name.replace(' ', "_")).collect();
    write_separated(&header, rows(view, columns, false).into_iter(), delimiter)
}

fn write_separated(
    header: &[String],
    rows: impl Iterator<Item = Vec<String>>,
    delimiter: u8,
) -> String {
    let mut writer = csv::WriterBuilder::new()
        .delimiter(delimiter)
        .from_writer(Vec::new());
    let mut write = |row: &[String]| {
        writer
            .write_record(row)
            .expect("memory takes every row, and all rows have the header's length");
    };
    write(header);
    rows.for_each(|row| write(&row));
    let bytes = writer.into_inner().unwrap_or_default();
    String::from_utf8(bytes).unwrap_or_default()
}

fn names(view: &View) -> String {
    view.items()
        .iter()
        .filter_map(|item| item.pointer(view.name))
        .map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned) + "\n")
        .collect()
}

fn yaml(value: &Value) -> String {
    serde_yaml::to_string(value).expect("JSON values have a form in YAML")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn view() -> View {
        View::many(
            "device",
            &[
                json!({"id": "4t9wz0kc", "name": "Anna, Lund", "locked": true}),
                json!({"id": "x3hq80vn", "name": "Bo", "locked": false, "site": "Oslo"}),
            ],
        )
        .columns(vec![
            Column::at("id", "/id"),
            Column::at("name", "/name"),
            Column::at("locked", "/locked"),
            Column::at("site", "/site").wide(),
        ])
    }

    fn in_form(format: Format) -> String {
        let style = Style {
            format,
            columns: Vec::new(),
            jq: None,
            width: 80,
        };
        render(&view(), &style).expect("renders")
    }

    #[test]
    fn every_form_shows_the_same_data() {
        insta::assert_snapshot!(in_form(Format::Table), @r#"
        ID        NAME        LOCKED
        4t9wz0kc  Anna, Lund  yes
        x3hq80vn  Bo          no
        "#);
        insta::assert_snapshot!(in_form(Format::Wide), @r#"
        ID        NAME        LOCKED  SITE
        4t9wz0kc  Anna, Lund  yes
        x3hq80vn  Bo          no      Oslo
        "#);
        insta::assert_snapshot!(in_form(Format::Csv), @r#"
        id,name,locked,site
        4t9wz0kc,"Anna, Lund",yes,
        x3hq80vn,Bo,no,Oslo
        "#);
        insta::assert_snapshot!(in_form(Format::Ndjson), @r#"
        {"id":"4t9wz0kc","locked":true,"name":"Anna, Lund","schema":"callhome/device/v1"}
        {"id":"x3hq80vn","locked":false,"name":"Bo","schema":"callhome/device/v1","site":"Oslo"}
        "#);
        insta::assert_snapshot!(in_form(Format::Yaml), @r#"
        complete: true
        items:
        - id: 4t9wz0kc
          locked: true
          name: Anna, Lund
        - id: x3hq80vn
          locked: false
          name: Bo
          site: Oslo
        schema: callhome/device-list/v1
        warnings: []
        "#);
        assert_eq!(in_form(Format::Name), "4t9wz0kc\nx3hq80vn\n");
        assert!(in_form(Format::Tsv).contains("Anna, Lund\tyes"));
    }

    #[test]
    fn a_document_carries_its_schema_and_whether_it_is_whole() {
        let value: Value = serde_json::from_str(&in_form(Format::Json)).expect("JSON");
        assert_eq!(value["schema"], "callhome/device-list/v1");
        assert_eq!(value["complete"], true);
        let document = view().incomplete("eu-north is silent").document();
        assert_eq!(document["complete"], false);
        assert_eq!(document["warnings"], json!(["eu-north is silent"]));
    }

    #[test]
    fn columns_are_chosen_by_name_and_unknown_ones_are_told() {
        let style = |columns: &[&str]| Style {
            format: Format::Csv,
            columns: columns.iter().map(|c| (*c).to_owned()).collect(),
            jq: None,
            width: 80,
        };
        let text = render(&view(), &style(&["site", "ID"])).expect("renders");
        assert_eq!(text, "site,id\n,4t9wz0kc\nOslo,x3hq80vn\n");
        let error = render(&view(), &style(&["imei"])).expect_err("unknown");
        assert_eq!(
            error.to_string(),
            "there is no column \"imei\"; there are id, name, locked, site"
        );
    }

    #[test]
    fn jq_sees_the_document() {
        let style = Style {
            format: Format::Table,
            columns: Vec::new(),
            jq: Some(".items[] | select(.locked) | .name".into()),
            width: 80,
        };
        assert_eq!(render(&view(), &style).expect("renders"), "Anna, Lund\n");
        let bad = Style {
            jq: Some(".items[".into()),
            ..style
        };
        assert!(matches!(render(&view(), &bad), Err(RenderError::Filter(_))));
    }
}
