use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width};

/// Columns of the terminal behind standard output, when there is one.
#[must_use]
pub(crate) fn terminal_width() -> Option<usize> {
    Table::new().width().map(usize::from)
}

/// Cells that a text takes on a terminal.
#[must_use]
pub(crate) fn width_of(text: &str) -> usize {
    // comfy-table measures with the same tables that it wraps with.
    let mut table = Table::new();
    table.add_row([text]);
    table
        .column_max_content_widths()
        .first()
        .map_or(0, |w| usize::from(*w))
}

/// Aligned columns without lines, at most `width` wide; cells wrap when they must.
pub(super) fn table(header: &[String], rows: &[Vec<String>], width: usize) -> String {
    let mut table = Table::new();
    table
        .load_style(comfy_table::presets::NOTHING)
        .force_no_tty()
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(width).unwrap_or(u16::MAX))
        .set_header(header);
    for row in rows {
        table.add_row(row.iter().map(|cell| one_line(cell)));
    }
    let last = header.len().saturating_sub(1);
    for (i, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, if i == last { 0 } else { 2 }));
        // The first column names the thing: it is never broken.
        if i == 0 {
            let widest = rows
                .iter()
                .filter_map(|r| r.first())
                .map(|c| c.chars().count())
                .max()
                .unwrap_or(0)
                .min(width / 2);
            let with_padding = u16::try_from(widest + 2).unwrap_or(u16::MAX);
            column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(with_padding)));
        }
    }
    let mut text = String::new();
    for line in table.lines() {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Line breaks and control characters would break the table (and could carry terminal commands).
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_and_nothing_trails() {
        let header = ["NAME".to_owned(), "STATE".to_owned()];
        let rows = [
            vec!["anna".to_owned(), "ok".to_owned()],
            vec!["b".to_owned(), "locked\u{1b}[31m".to_owned()],
        ];
        assert_eq!(
            table(&header, &rows, 80),
            "NAME  STATE\nanna  ok\nb     locked [31m\n"
        );
    }

    #[test]
    fn a_table_fits_the_width() {
        let header = ["A".to_owned(), "B".to_owned()];
        let rows = [vec!["first".to_owned(), "many words ".repeat(20)]];
        let text = table(&header, &rows, 40);
        assert!(text.lines().all(|l| l.chars().count() <= 40), "{text}");
    }
}
