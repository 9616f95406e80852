use super::input::{csv_lines, delimiter_of, text_of};
use super::{BadInput, Input, Row};

/// Names of the column that holds the address, best first.
const COLUMNS: [&str; 8] = [
    "target", "uri", "sip", "sip uri", "address", "aor", "contact", "device",
];

/// One row: the line in the file, from 1, and the address as it is written there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SipRow {
    /// From 1.
    pub line: u32,
    /// As written; may be no address at all.
    pub target: Box<str>,
}

/// Reads SIP addresses from CSV (comma, semicolon or tab; with or without header) or NDJSON.
///
/// # Errors
/// [`BadInput`] when the file as a whole makes no sense.
pub(crate) fn read_targets(bytes: &[u8]) -> Result<Vec<SipRow>, BadInput> {
    let text = text_of(bytes)?;
    let first = text
        .lines()
        .find(|l| !l.trim().is_empty())
        .ok_or(BadInput::Empty)?;
    let rows = if first.trim_start().starts_with('{') {
        from_ndjson(text)?
    } else {
        from_csv(text, first)?
    };
    if rows.is_empty() {
        return Err(BadInput::Empty);
    }
    Ok(rows)
}

/// Reads the same with all its columns, for the report: each row is known by its line.
///
/// # Errors
/// As [`read_targets`].
pub(crate) fn read_target_rows(bytes: &[u8]) -> Result<Input, BadInput> {
    let text = text_of(bytes)?;
    let first = text
        .lines()
        .find(|l| !l.trim().is_empty())
        .ok_or(BadInput::Empty)?;
    let (columns, lines) = if first.trim_start().starts_with('{') {
        super::input::from_ndjson(text)?
    } else {
        let mut lines = csv_lines(text, first)?;
        let header = lines.first().map(|(_, cells)| cells.clone());
        let header = header.unwrap_or_default();
        if column_of(header.iter().map(String::as_str)).is_some() {
            lines.remove(0);
            (header, lines)
        } else {
            let further = (2..=header.len()).map(|n| format!("column {n}"));
            let columns = std::iter::once("target".to_owned()).chain(further);
            (columns.collect(), lines)
        }
    };
    let column = column_of(columns.iter().map(String::as_str));
    let column = column.ok_or_else(|| BadInput::NoTarget(columns.join(", ")))?;
    let rows = lines.into_iter().map(|(line, cells)| Row {
        line,
        key: line.to_string(),
        device: Ok(cells.get(column).cloned().unwrap_or_default()),
        cells,
    });
    Ok(Input {
        rows: rows.collect(),
        columns,
    })
}

fn column_of<'a>(names: impl Iterator<Item = &'a str> + Clone) -> Option<usize> {
    COLUMNS.iter().find_map(|wanted| {
        names
            .clone()
            .position(|n| n.trim().replace('_', " ").eq_ignore_ascii_case(wanted))
    })
}

fn from_csv(text: &str, first: &str) -> Result<Vec<SipRow>, BadInput> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter_of(first))
        .from_reader(text.as_bytes());
    let mut column = None;
    let mut rows = Vec::new();
    let mut record = csv::StringRecord::new();
    loop {
        let more = reader
            .read_record(&mut record)
            .map_err(|e| BadInput::Line {
                line: e.position().map_or(0, csv::Position::line),
                reason: e.to_string(),
            })?;
        if !more {
            return Ok(rows);
        }
        // Cells are trimmed here: the reader would copy each row for it, and there may be a million.
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let column = match column {
            Some(column) => column,
            None => {
                if let Some(found) = column_of(record.iter()) {
                    column = Some(found);
                    continue;
                }
                // A bare list of addresses needs no header.
                let bare = record.get(0).is_some_and(|cell| {
                    cell.contains(|c: char| c.is_ascii_digit() || matches!(c, '.' | ':' | '@'))
                });
                if !bare {
                    let found = record.iter().map(str::trim).collect::<Vec<_>>().join(", ");
                    return Err(BadInput::NoTarget(found));
                }
                column = Some(0);
                0
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        rows.push(SipRow {
            line: u32::try_from(line).unwrap_or(u32::MAX),
            target: record.get(column).unwrap_or_default().trim().into(),
        });
    }
}

fn from_ndjson(text: &str) -> Result<Vec<SipRow>, BadInput> {
    let mut rows = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let bad = |reason: String| BadInput::Line {
            line: index as u64 + 1,
            reason,
        };
        let fields: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(line).map_err(|e| bad(e.to_string()))?;
        let names: Vec<&str> = fields.keys().map(String::as_str).collect();
        let Some(column) = column_of(names.iter().copied()) else {
            return Err(BadInput::NoTarget(names.join(", ")));
        };
        let target = fields[names[column]].as_str().unwrap_or_default();
        rows.push(SipRow {
            line: u32::try_from(index + 1).unwrap_or(u32::MAX),
            target: target.into(),
        });
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_from_the_files_that_people_have() {
        for text in [
            "target,site\nanna@192.0.2.7,Lund\nsip:bo@[::1]:5070,Oslo\n",
            "\u{feff}Site;URI\r\nLund;anna@192.0.2.7\r\nOslo;sip:bo@[::1]:5070\r\n",
            "anna@192.0.2.7\n\nsip:bo@[::1]:5070\n",
            "{\"site\":\"Lund\",\"sip_uri\":\"anna@192.0.2.7\"}\n{\"sip_uri\":\"sip:bo@[::1]:5070\"}\n",
        ] {
            let rows = read_targets(text.as_bytes()).expect("readable");
            let targets: Vec<&str> = rows.iter().map(|r| &*r.target).collect();
            assert_eq!(targets, ["anna@192.0.2.7", "sip:bo@[::1]:5070"], "{text}");
        }
    }

    #[test]
    fn a_file_without_addresses_says_so() {
        assert_eq!(read_targets(b"\n"), Err(BadInput::Empty));
        assert_eq!(read_targets(b"target\n"), Err(BadInput::Empty));
        assert_eq!(
            read_targets(b"colour,shape\nred,round\n"),
            Err(BadInput::NoTarget("colour, shape".into()))
        );
        assert_eq!(
            read_targets(b"{\"imei\":\"1\"}\n"),
            Err(BadInput::NoTarget("imei".into()))
        );
    }
}
