use crate::api::{ActionView, LadderLine};
use crate::domain::Bearer;

use super::table::width_of;

/// Distance between two parties in the picture.
const GAP: usize = 20;

/// Messages between parties as a picture, each on its own line with its time.
#[must_use]
pub(crate) fn ladder(lines: &[LadderLine]) -> String {
    let mut parties: Vec<&str> = Vec::new();
    for line in lines {
        for party in [line.from.as_str(), line.to.as_str()] {
            if !parties.contains(&party) {
                parties.push(party);
            }
        }
    }
    if parties.len() < 2 {
        return String::new();
    }
    let mut text = String::from("  ");
    for party in &parties {
        text.push_str(&centred(&shortened(party, GAP - 2), GAP));
    }
    let mut text = text.trim_end().to_owned();
    text.push('\n');
    for line in lines {
        let from = position(&parties, &line.from);
        let to = position(&parties, &line.to);
        // A text message stands below its arrow, which has no room for it.
        let (label, below) = match line.text.strip_prefix("SMS ") {
            Some(sms) => ("SMS", format!("      {sms}\n")),
            None => (line.text.as_str(), String::new()),
        };
        let row = row(parties.len(), from, to, label);
        text.push_str(&format!("  {row}  {:>6} ms\n{below}", line.at_ms));
    }
    text
}

/// The messages of an action's attempts over the bearers asked for, times since it was asked for.
#[must_use]
pub(crate) fn action_messages(
    action: &ActionView,
    shown: impl Fn(Bearer) -> bool,
) -> Vec<LadderLine> {
    let attempts = action.attempts.iter().filter(|a| shown(a.bearer));
    attempts
        .flat_map(|attempt| {
            let began = attempt.at.since(action.created_at).as_millis();
            let began = u64::try_from(began).unwrap_or(u64::MAX);
            attempt.messages.iter().map(move |line| LadderLine {
                at_ms: began.saturating_add(line.at_ms),
                ..line.clone()
            })
        })
        .collect()
}

fn position(parties: &[&str], name: &str) -> usize {
    parties.iter().position(|p| *p == name).unwrap_or(0)
}

fn row(parties: usize, from: usize, to: usize, message: &str) -> String {
    let column = |party: usize| party * GAP + GAP / 2;
    let mut cells: Vec<char> = vec![' '; parties * GAP];
    for party in 0..parties {
        cells[column(party)] = '│';
    }
    let (left, right) = (from.min(to), from.max(to));
    let (start, end) = (column(left) + 1, column(right));
    for cell in cells.iter_mut().take(end).skip(start) {
        *cell = '─';
    }
    let label = format!(" {} ", shortened(message, (end - start).saturating_sub(4)));
    // Long-distance labels sit near the sender, as the eye expects.
    let offset = if from < to {
        start + 2
    } else {
        end.saturating_sub(2 + label.chars().count())
    };
    for (i, c) in label.chars().enumerate() {
        if let Some(cell) = cells.get_mut(offset + i)
            && offset + i < end
        {
            *cell = c;
        }
    }
    if from < to {
        cells[end - 1] = '▶';
    } else if from > to {
        cells[start] = '◀';
    }
    cells.into_iter().collect::<String>().trim_end().to_owned()
}

fn shortened(text: &str, width: usize) -> String {
    if width_of(text) <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{kept}…")
}

fn centred(text: &str, width: usize) -> String {
    let used = width_of(text);
    let left = width.saturating_sub(used) / 2;
    let right = width.saturating_sub(used + left);
    format!("{}{text}{}", " ".repeat(left), " ".repeat(right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_point_at_who_got_them() {
        let line = |at_ms, from: &str, to: &str, text: &str| LadderLine {
            at_ms,
            from: from.into(),
            to: to.into(),
            text: text.into(),
        };
        let text = ladder(&[
            line(0, "callhome", "gw-lund", "NOTIFY"),
            line(2, "gw-lund", "phone", "NOTIFY"),
            line(36, "phone", "gw-lund", "200 OK"),
            line(412, "phone", "callhome", "HTTPS session 4t9wz0kc"),
        ]);
        insta::assert_snapshot!(text, @r"
        callhome            gw-lund              phone
            │── NOTIFY ────────▶│                   │       0 ms
            │                   │── NOTIFY ────────▶│       2 ms
            │                   │◀──────── 200 OK ──│      36 ms
            │◀──────────── HTTPS session 4t9wz0kc ──│     412 ms
        ");
        assert_eq!(ladder(&[]), "");
        let text = ladder(&[
            line(
                0,
                "callhome",
                "kannel-1",
                "SMS KME 2.00 000174ef ................ lck()",
            ),
            line(12, "kannel-1", "callhome", "accepted"),
        ]);
        insta::assert_snapshot!(text, @r"
          callhome            kannel-1
              │── SMS ───────────▶│       0 ms
        KME 2.00 000174ef ................ lck()
              │◀────── accepted ──│      12 ms
        ");
    }
}
