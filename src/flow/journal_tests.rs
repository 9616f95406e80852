use super::journal::*;
use crate::domain::{ShortId, Timestamp};

fn at() -> Timestamp {
    Timestamp::from_millis(1_795_000_000_000)
}

fn id(n: u8) -> ShortId {
    ShortId::from_random([n; 5])
}

fn begun(rows: u32) -> JournalLine {
    JournalLine::Begun {
        run: id(1),
        command: "device.lock".into(),
        digest: "00".into(),
        rows,
        at: at(),
    }
}

fn started(row: &str, attempt: u32) -> JournalLine {
    JournalLine::Started {
        row: row.into(),
        attempt,
        at: at(),
    }
}

fn accepted(row: &str) -> JournalLine {
    JournalLine::Accepted {
        row: row.into(),
        action: id(9),
        server: "eu-north".into(),
        at: at(),
    }
}

fn ended(row: &str, outcome: RowOutcome) -> JournalLine {
    JournalLine::Ended {
        row: row.into(),
        outcome,
        code: "x".into(),
        detail: String::new(),
        at: at(),
    }
}

fn text(lines: &[JournalLine]) -> String {
    let text = |line: &JournalLine| line.to_text().expect("a line");
    lines.iter().map(text).collect()
}

#[test]
fn a_journal_cut_anywhere_never_sends_what_ended_and_never_forgets_what_was_taken() {
    let lines = [
        begun(2),
        started("a", 1),
        accepted("a"),
        started("b", 1),
        ended("a", RowOutcome::Done),
        accepted("b"),
        ended("b", RowOutcome::Failed),
        JournalLine::Finished { at: at() },
    ];
    let whole = text(&lines);
    let first = lines[0].to_text().expect("a line").len();
    for cut in first..=whole.len() {
        let journal = Journal::read(&whole[..cut]).expect("a beginning");
        let done = lines.iter().scan(0, |end, line| {
            *end += line.to_text().expect("a line").len();
            (*end <= cut).then_some(line)
        });
        let written: Vec<&JournalLine> = done.collect();
        for row in ["a", "b"] {
            let expected = if written
                .iter()
                .any(|l| matches!(l, JournalLine::Ended { row: r, .. } if r == row))
            {
                NextStep::Leave
            } else if written.contains(&&accepted(row)) {
                NextStep::Await {
                    action: id(9),
                    server: "eu-north".into(),
                }
            } else {
                NextStep::Send
            };
            assert_eq!(journal.next_step(row), expected, "{row}, cut at {cut}");
        }
        assert_eq!(
            journal.key("a"),
            format!("{}:a", id(1)),
            "the same in every life"
        );
    }
}

#[test]
fn a_row_that_was_not_heard_of_is_waited_for_again() {
    let lines = [
        begun(1),
        started("a", 1),
        accepted("a"),
        ended("a", RowOutcome::Unconfirmed),
    ];
    let mut journal = Journal::read(&text(&lines)).expect("a journal");
    assert!(matches!(journal.next_step("a"), NextStep::Await { .. }));
    journal.apply(ended("a", RowOutcome::Done));
    assert_eq!(journal.next_step("a"), NextStep::Leave);
    assert_eq!((journal.tally().done, journal.tally().unconfirmed), (1, 0));
}

#[test]
fn rows_that_ended_alike_share_a_line() {
    let alike = JournalLine::EndedAlike {
        rows: vec!["a".into(), "c".into()],
        outcome: RowOutcome::Done,
        code: "200".into(),
        detail: String::new(),
        at: at(),
    };
    let journal = Journal::read(&text(&[begun(3), alike])).expect("a journal");
    let steps = ["a", "b", "c"].map(|row| journal.next_step(row));
    assert_eq!(steps, [NextStep::Leave, NextStep::Send, NextStep::Leave]);
    assert_eq!((journal.tally().done, journal.tally().open), (2, 1));
}

#[test]
fn what_has_not_ended_counts_as_open() {
    let lines = [
        begun(4),
        started("a", 1),
        ended("a", RowOutcome::Conflict),
        started("b", 1),
        started("b", 2),
    ];
    let journal = Journal::read(&text(&lines)).expect("a journal");
    assert_eq!((journal.tally().conflict, journal.tally().open), (1, 3));
    assert_eq!(journal.record("b").attempts, 2);
    assert!(!journal.finished);
}

#[test]
fn a_damaged_middle_is_told_with_its_line_and_a_missing_head_too() {
    let damaged = format!(
        "{}nonsense\n{}",
        text(&[begun(1)]),
        text(&[started("a", 1)])
    );
    assert!(matches!(
        Journal::read(&damaged),
        Err(InvalidJournal::Line { number: 2, .. })
    ));
    for text in [String::new(), text(&[started("a", 1)])] {
        assert!(matches!(
            Journal::read(&text),
            Err(InvalidJournal::NoBeginning)
        ));
    }
}

#[test]
fn rows_that_were_handed_over_together_may_have_been_sent_and_those_given_back_were_not() {
    let alike = |rows: &[&str]| JournalLine::StartedAlike {
        rows: rows.iter().map(|row| (*row).to_owned()).collect(),
        at: at(),
    };
    let back = JournalLine::Returned {
        rows: vec!["b".into(), "c".into()],
        at: at(),
    };
    let lines = [
        begun(3),
        alike(&["a", "b", "c"]),
        ended("c", RowOutcome::Done),
        back,
    ];
    let journal = Journal::read(&text(&lines)).expect("a journal");
    assert_eq!(journal.record("a").state, RowState::Started);
    assert_eq!(journal.record("b").state, RowState::Waiting);
    assert_eq!(
        (journal.record("a").attempts, journal.record("b").attempts),
        (1, 0)
    );
    assert_eq!(
        journal.next_step("c"),
        NextStep::Leave,
        "it ended all the same"
    );
}
