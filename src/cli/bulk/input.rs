use std::collections::HashMap;

use serde_json::Value;

/// Names of the column that says which device, best first.
const DEVICE_COLUMNS: [&str; 12] = [
    "device",
    "imei",
    "id",
    "identity",
    "serial",
    "serial number",
    "mac",
    "number",
    "msisdn",
    "phone",
    "phone number",
    "name",
];

/// Rows of an input file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Input {
    /// Names of the columns, in the order of the file.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Row>,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row {
    /// Line in the file, from 1.
    pub line: u64,
    /// What the row is known by in the journal: the device's name without spaces, or the line for bad rows.
    pub key: String,
    /// Which device it names, or what is wrong with it.
    pub device: Result<String, String>,
    /// The cells, in the order of the columns.
    pub cells: Vec<String>,
}

/// Why a file is no input at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadInput {
    /// Nothing in it.
    #[error("there is no row in it")]
    Empty,
    /// No column that names a device.
    #[error(
        "no column says which device: name one of them device, imei, serial or number; found {0}"
    )]
    NoDevice(String),
    /// No column that holds a SIP address.
    #[error("no column holds the SIP address: name one of them target, uri or address; found {0}")]
    NoTarget(String),
    /// Not text.
    #[error("it is not UTF-8 text; save it as \"CSV UTF-8\"")]
    Encoding,
    /// A row that cannot be read.
    #[error("line {line}: {reason}")]
    Line {
        /// From 1.
        line: u64,
        /// Why.
        reason: String,
    },
}

/// Reads rows from CSV (comma, semicolon or tab; with or without header) or NDJSON.
///
/// # Errors
/// [`BadInput`] when the file as a whole makes no sense; single bad rows are rows with an error.
pub(crate) fn read(bytes: &[u8]) -> Result<Input, BadInput> {
    let text = text_of(bytes)?;
    let first = text
        .lines()
        .find(|l| !l.trim().is_empty())
        .ok_or(BadInput::Empty)?;
    let (columns, lines) = if first.trim_start().starts_with('{') {
        from_ndjson(text)?
    } else {
        from_csv(text, first)?
    };
    if lines.is_empty() {
        return Err(BadInput::Empty);
    }
    let device = device_column(&columns).ok_or_else(|| BadInput::NoDevice(columns.join(", ")))?;
    Ok(Input {
        rows: rows(lines, device),
        columns,
    })
}

/// The text without its byte order mark.
pub(super) fn text_of(bytes: &[u8]) -> Result<&str, BadInput> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|_| BadInput::Encoding)
}

/// What parts the cells of a line.
pub(super) fn delimiter_of(first: &str) -> u8 {
    [b';', b'\t', b',']
        .into_iter()
        .max_by_key(|d| first.bytes().filter(|b| b == d).count())
        .unwrap_or(b',')
}

pub(super) type Lines = Vec<(u64, Vec<String>)>;

/// The lines of a CSV text that are not empty.
pub(super) fn csv_lines(text: &str, first: &str) -> Result<Lines, BadInput> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter_of(first))
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let mut lines = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| BadInput::Line {
            line: e.position().map_or(0, csv::Position::line),
            reason: e.to_string(),
        })?;
        let line = record.position().map_or(0, csv::Position::line);
        let cells: Vec<String> = record.iter().map(str::to_owned).collect();
        if cells.iter().any(|c| !c.is_empty()) {
            lines.push((line, cells));
        }
    }
    match open_quotation(text.as_bytes(), delimiter_of(first)) {
        Some(line) => Err(BadInput::Line {
            line,
            reason: "a quotation mark is not closed: all that follows would be one cell".to_owned(),
        }),
        None => Ok(lines),
    }
}

/// The line of the quotation mark that opens a cell which is not closed at the end of the text. The reader takes such a
/// cell as it is. A mark opens a cell only as its first character: within one that began without, it is text.
fn open_quotation(text: &[u8], delimiter: u8) -> Option<u64> {
    enum At {
        Start,
        Within,
        Quoted(u64),
        Mark(u64),
    }
    let mut line = 1;
    let mut at = At::Start;
    for &byte in text {
        at = match (at, byte) {
            (At::Quoted(from), b'"') => At::Mark(from),
            (At::Mark(from), b'"') => At::Quoted(from),
            (At::Quoted(from), _) => At::Quoted(from),
            (At::Start, b'"') => At::Quoted(line),
            (_, b'\r' | b'\n') => At::Start,
            (_, byte) if byte == delimiter => At::Start,
            _ => At::Within,
        };
        line += u64::from(byte == b'\n');
    }
    match at {
        At::Quoted(from) => Some(from),
        At::Start | At::Within | At::Mark(_) => None,
    }
}

fn from_csv(text: &str, first: &str) -> Result<(Vec<String>, Lines), BadInput> {
    let mut lines = csv_lines(text, first)?;
    let header = lines
        .first()
        .map(|(_, cells)| cells.clone())
        .unwrap_or_default();
    if device_column(&header).is_some() {
        let columns = header;
        lines.remove(0);
        return Ok((columns, lines));
    }
    // A bare list of devices needs no header.
    if header.len() == 1 && header[0].chars().any(|c| c.is_ascii_digit()) {
        return Ok((vec!["device".to_owned()], lines));
    }
    Ok((header, lines))
}

pub(super) fn from_ndjson(text: &str) -> Result<(Vec<String>, Lines), BadInput> {
    let mut columns: Vec<String> = Vec::new();
    let mut objects = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let number = index as u64 + 1;
        let value: Value = serde_json::from_str(line).map_err(|e| BadInput::Line {
            line: number,
            reason: format!(
                "it is no JSON object, as in {{\"imei\": \"358931104120070\"}}: see column {}",
                e.column()
            ),
        })?;
        let Value::Object(fields) = value else {
            return Err(BadInput::Line {
                line: number,
                reason: "a row is an object, as in {\"imei\": \"358931104120070\"}".into(),
            });
        };
        for name in fields.keys() {
            if !columns.contains(name) {
                columns.push(name.clone());
            }
        }
        objects.push((number, fields));
    }
    let lines = objects
        .into_iter()
        .map(|(number, fields)| {
            let cell = |name: &String| match fields.get(name) {
                None | Some(Value::Null) => String::new(),
                Some(Value::String(text)) => text.clone(),
                Some(other) => other.to_string(),
            };
            (number, columns.iter().map(cell).collect())
        })
        .collect();
    Ok((columns, lines))
}

fn device_column(columns: &[String]) -> Option<usize> {
    DEVICE_COLUMNS.iter().find_map(|name| {
        columns
            .iter()
            .position(|c| c.trim().replace('_', " ").eq_ignore_ascii_case(name))
    })
}

fn rows(lines: Lines, device: usize) -> Vec<Row> {
    let mut seen: HashMap<String, u64> = HashMap::new();
    lines
        .into_iter()
        .map(|(line, cells)| {
            let name = cells
                .get(device)
                .map(|c| c.trim().to_owned())
                .unwrap_or_default();
            let key: String = name
                .to_lowercase()
                .chars()
                .filter(|c| !matches!(c, ' ' | '-' | '\u{a0}'))
                .collect();
            let checked = match checked(&name) {
                Ok(()) => match seen.get(&key) {
                    Some(earlier) => Err(format!("the same device as in line {earlier}")),
                    None => {
                        seen.insert(key.clone(), line);
                        Ok(name)
                    }
                },
                Err(why) => Err(why),
            };
            Row {
                line,
                key: if checked.is_ok() {
                    key
                } else {
                    format!("line {line}")
                },
                device: checked,
                cells,
            }
        })
        .collect()
}

/// What spreadsheets do to long numbers must not reach a device: another one might have the rounded number.
fn checked(name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err("no device is named".into());
    }
    let lower = name.to_ascii_lowercase();
    let rounded = lower.split_once("e+").is_some_and(|(number, power)| {
        let digits = |t: &str| !t.is_empty() && t.chars().all(|c| c.is_ascii_digit());
        digits(power)
            && number
                .chars()
                .all(|c| c.is_ascii_digit() || matches!(c, '.' | ','))
    });
    if rounded {
        return Err(format!(
            "{name} was rounded by a spreadsheet: format the column as text and export it again"
        ));
    }
    if let Some(why) = super::super::target::mistyped_imei(name) {
        return Err(why);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn devices(text: &str) -> Vec<Result<String, String>> {
        let input = read(text.as_bytes()).expect("readable");
        input.rows.into_iter().map(|r| r.device).collect()
    }

    #[test]
    fn a_quotation_mark_that_swallows_rows_is_told() {
        let text = "imei,note\n358931104120070,\"lost\n490154203237518,found\n";
        let error = read(text.as_bytes()).expect_err("not closed");
        assert!(
            error.to_string().starts_with("line 2: a quotation mark"),
            "{error}"
        );
        // Line breaks inside closed ones are as good as inch marks outside.
        for text in [
            "imei,note\n358931104120070,\"lost\nin Lund\"\n490154203237518,found\n",
            "imei,note\n358931104120070,7\" screen\n490154203237518,found\n",
            "imei,note\n358931104120070,7\" screen\n490154203237518,\"found\nin Lund\"\n",
            "imei,note\n358931104120070,\"a \"\"b\"\" c\"\n490154203237518,\"found\nin Lund\"",
        ] {
            assert_eq!(devices(text).len(), 2, "{text}");
        }
        let text = "imei,note\n358931104120070,\"a\nb\"\n490154203237518,\"7\"\" screen\n\n";
        let error = read(text.as_bytes()).expect_err("not closed");
        assert!(error.to_string().starts_with("line 4:"), "{error}");
    }

    #[test]
    fn what_is_open_at_the_end_is_what_the_reader_takes_for_open() {
        let mut texts = vec![String::new()];
        for _ in 0..6 {
            let longer = texts
                .iter()
                .flat_map(|text| ['x', ',', '"', '\n'].map(|next| format!("{text}{next}")));
            texts = longer.collect();
            for text in &texts {
                let more = format!("{text}y\nz");
                let mut reader = csv::ReaderBuilder::new()
                    .has_headers(false)
                    .flexible(true)
                    .from_reader(more.as_bytes());
                let last = reader.records().last().expect("a row").expect("readable");
                let taken_in = last.iter().any(|cell| cell.ends_with("y\nz"));
                let open = open_quotation(text.as_bytes(), b',').is_some();
                assert_eq!(open, taken_in, "{text:?}");
            }
        }
    }

    #[test]
    fn the_separators_and_headers_of_the_world_are_read() {
        let table = [
            (
                "comma",
                "imei,site\n358931104120070,Lund\n490154203237518,Oslo\n",
            ),
            (
                "semicolon and BOM",
                "\u{feff}Site;IMEI\r\nLund;358931104120070\r\nOslo;490154203237518\r\n",
            ),
            (
                "tab",
                "imei\tsite\n358931104120070\tLund\n490154203237518\tOslo\n",
            ),
            ("no header", "358931104120070\n490154203237518\n"),
            (
                "ndjson",
                "{\"imei\":\"358931104120070\"}\n\n{\"imei\":490154203237518,\"site\":null}\n",
            ),
        ];
        for (name, text) in table {
            let expected = vec![Ok("358931104120070".into()), Ok("490154203237518".into())];
            assert_eq!(devices(text), expected, "{name}");
        }
    }

    #[test]
    fn rows_that_a_spreadsheet_broke_are_caught() {
        let got = devices(
            "imei\n3.58931E+14\n\"3,58931E+14\"\n358931104120071\n \n358931104120070\n35-893110-412007-0\n",
        );
        let errors: Vec<String> = got.iter().filter_map(|r| r.clone().err()).collect();
        assert!(errors[0].contains("rounded by a spreadsheet"), "{errors:?}");
        assert!(errors[1].contains("rounded by a spreadsheet"), "{errors:?}");
        assert!(errors[2].contains("should be 0"), "{errors:?}");
        assert!(errors[3].contains("same device as in line"), "{errors:?}");
        assert_eq!(got.iter().filter(|r| r.is_ok()).count(), 1);
    }

    #[test]
    fn a_file_without_devices_says_so() {
        assert_eq!(read(b"\n\n"), Err(BadInput::Empty));
        assert_eq!(read(b"imei\n"), Err(BadInput::Empty));
        assert_eq!(
            read(b"colour,shape\nred,round\n"),
            Err(BadInput::NoDevice("colour, shape".into()))
        );
        assert_eq!(read(b"\xff\xfe1\x002\x00"), Err(BadInput::Encoding));
        assert!(matches!(
            read(b"{\"imei\": 1\n"),
            Err(BadInput::Line { line: 1, .. })
        ));
    }
}
