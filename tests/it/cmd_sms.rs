//! `callhome sms` as people and pipes use it, mostly without a server.

use crate::support::command::Home;
use crate::support::program::{callhome, file};

const SECRET: &str = "0707070707070707070707070707070707070707070707070707070707070707\n";

/// Runs the program, which has to end well; gives what it printed.
fn well(args: &[&str], input: &str) -> String {
    let (code, out, err) = callhome(args, input);
    assert_eq!(code, 0, "{args:?}: {err}");
    out
}

#[test]
fn the_published_example_is_composed_without_its_token() {
    let out = well(
        &[
            "sms",
            "compose",
            "aud()",
            "loc(1)",
            "get(P Dat.txt,1024)",
            "--version",
            "1.00",
            "--sequence",
            "0x174ef",
        ],
        "",
    );
    assert_eq!(
        out,
        "KME 1.00 000174ef aud() loc(1) get(P%20Dat.txt,1024)\n"
    );
}

#[test]
fn the_meter_says_what_its_screen_shows() {
    let out = well(
        &["sms", "meter", "lck(Please call IT: 555-0100)", "loc(3,60)"],
        "",
    );
    assert_eq!(
        out,
        "KME 2.00 ........ ................ lck(Please%20call%20IT%3A%20555-0100) loc(3,60)\n\
         GSM-7, 82 of 160 septets, 1 message.  Destructive: needs a signature of version 2.00.\n"
    );
    let out = well(&["sms", "meter", "--text", "Dinner is ready"], "");
    assert_eq!(out, "GSM-7, 15 of 160 septets, 1 message.\n");
}

#[test]
fn the_meter_says_what_pushed_a_text_over() {
    let text = format!("Bring it – “today”!{}", ".".repeat(60));
    let out = well(&["sms", "meter", "--text", &text], "");
    assert_eq!(
        out,
        "UCS-2, 79 of 134 UTF-16 units, 2 messages.\n  \
         Character 10, “–” (U+2013), is not in the GSM-7 alphabet, nor are 2 others: “ ”: all of the text goes in UCS-2.  \
         With others in their place: GSM-7, 79 of 160 septets, 1 message.\n  \
         A single message holds 70 UTF-16 units: character 71 (“.”) is the first too many.  Of several, each holds 67.\n  \
         Message 2 begins at character 68 (“.”).\n"
    );
    let text = format!("{}[€]", "a".repeat(157));
    let out = well(&["sms", "meter", "--text", &text], "");
    assert_eq!(
        out,
        "GSM-7, 163 of 306 septets, 2 messages.\n  \
         Count double: “[”, “€”, “]”.  Without that: 1 message.\n  \
         A single message holds 160 septets: character 159 (“€”) is the first too many.  Of several, each holds 153.\n  \
         Message 2 begins at character 154 (“a”).\n"
    );
    let long = well(&["sms", "meter", "--text", &"x".repeat(400)], "");
    assert!(
        long.contains("Messages 2 to 3 begin at characters 154, 307."),
        "{long}"
    );
    // An action that is too long goes as a link; the meter still says why.
    let action = format!("msg({})", "a~".repeat(60));
    let out = well(&["sms", "meter", &action], "");
    assert!(
        out.contains("the server sends a link in its place.\n  Count double: “~” (60 times)."),
        "{out}"
    );
    let json = well(&["sms", "meter", "-o", "json", "--text", "ж€"], "");
    let json: serde_json::Value = serde_json::from_str(&json).expect("one document");
    assert_eq!(json["meter"]["encoding"], "ucs-2");
    let outside = &json["causes"]["outside"];
    assert_eq!(
        (
            &outside["character"],
            &outside["code"],
            &outside["position"]
        ),
        (&"ж".into(), &"U+0436".into(), &1.into())
    );
    assert_eq!(outside["without"]["units"], 3);
    let json = well(&["sms", "meter", "-o", "json", "msg(x)"], "");
    let json: serde_json::Value = serde_json::from_str(&json).expect("one document");
    assert_eq!(json["causes"], serde_json::json!({}));
    let (code, _, told) = callhome(&["sms", "meter", "--text", &"x".repeat(40_000)], "");
    assert_eq!(code, 2, "{told}");
    assert!(told.contains("at most 255 messages"), "{told}");
}

#[test]
fn composing_signing_and_checking_work_in_a_pipe() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let key = file(&folder, "phone.key", 0o600, SECRET.as_bytes());
    let actions = ["aud()", "loc(1)", "get(P Dat.txt,1024)"];
    let draft = well(&[&["sms", "compose"][..], &actions].concat(), "");
    assert_eq!(
        draft,
        "KME 2.00 ........ aud() loc(1) get(P%20Dat.txt,1024)\n"
    );
    let signed = well(
        &["sms", "sign", "--secret-file", &key, "--sequence", "174ef"],
        &draft,
    );
    // The token is that of tests/vectors/sms/tokens.tsv.
    assert_eq!(
        signed,
        "KME 2.00 000174ef 5b05b9f6ae222887 aud() loc(1) get(P%20Dat.txt,1024)\n"
    );
    let verify = ["sms", "verify", "--secret-file", &key];
    assert_eq!(well(&verify, &signed), "✓ genuine\n");
    let (code, out, _) = callhome(&verify, &signed.replace("loc(1)", "loc(9)"));
    assert_eq!(code, 17);
    assert!(out.starts_with("✗ the token does not match"), "{out}");
    let json = well(&["sms", "meter", "-o", "json"], &signed);
    let json: serde_json::Value = serde_json::from_str(&json).expect("one document");
    assert_eq!(json["schema"], "callhome/sms-meter/v1");
    assert_eq!(json["actions"][2]["sequence"], "000174f1");
    assert_eq!(json["meter"]["segments"], 1);
}

#[test]
fn mistakes_are_named_with_the_next_step() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let key = file(&folder, "phone.key", 0o600, SECRET.as_bytes());
    let open = file(&folder, "open.key", 0o644, SECRET.as_bytes());
    let short = file(&folder, "short.key", 0o600, b"c0ffee\n");
    let signed = "KME 2.00 000174ef 5b05b9f6ae222887 aud() loc(1) get(P%20Dat.txt,1024)";
    let table: [(&[&str], &str, i32, &str); 9] = [
        (&["sms", "compose"], "", 2, "callhome sms compose"),
        (
            &["sms", "compose", "lock()"],
            "",
            2,
            "'lck(Please call IT)'",
        ),
        (
            &["sms", "compose", "wip()", "--version", "1.00"],
            "",
            2,
            "2.00 is the default",
        ),
        (&["sms", "sign"], "KME 2.00 ........ aud()", 2, "--device"),
        (
            &["sms", "sign", "--secret-file", &key],
            "KME 2.00 ........ aud()",
            2,
            "--sequence",
        ),
        (
            &["sms", "sign", "--secret-file", &key],
            signed,
            2,
            "callhome sms verify",
        ),
        (
            &["sms", "sign", "--secret-file", &key],
            "",
            2,
            "in the pipe",
        ),
        (
            &["sms", "sign", "--secret-file", &open],
            "KME 2.00 00000001 aud()",
            14,
            "chmod 600",
        ),
        (
            &["sms", "sign", "--secret-file", &short],
            "KME 2.00 00000001 aud()",
            14,
            "64 hexadecimal",
        ),
    ];
    for (args, input, expected, advice) in table {
        let (code, out, err) = callhome(args, input);
        assert_eq!((code, out.as_str()), (expected, ""), "{args:?}: {err}");
        assert!(err.contains(advice), "{args:?}: {err}");
        assert!(!err.contains("070707") && !err.contains("c0ffee"), "{err}");
    }
}

#[test]
fn what_harms_is_not_sent_unless_somebody_means_it() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let key = file(&folder, "phone.key", 0o600, SECRET.as_bytes());
    let password = file(&folder, "kannel.pw", 0o600, b"s3cret-pw\n");
    let sign = ["sms", "sign", "--secret-file", &key];
    let lock = well(&sign, "KME 2.00 00000001 lck()");
    let wipe = well(&sign, "KME 2.00 00000001 aud() wip()");
    // Nobody listens at the discard port.
    let send = [
        "sms",
        "send",
        "--to",
        "+14085550137",
        "--gateway-url",
        "kannel+http://kme@127.0.0.1:9",
        "--password-file",
        &password,
        "--no-input",
    ];
    let yes = ["--yes", "--accept-risk", "lock", "--reason", "stolen"];
    let nothing: &[&str] = &[];
    for (text, flags, expected, advice) in [
        (lock.as_str(), nothing, 2, "--accept-risk lock"),
        (&wipe, nothing, 2, "--accept-risk data-loss"),
        (&wipe, &yes, 8, "data-loss"),
        (&lock, &yes[..3], 8, "--reason"),
        ("KME 2.00 00000001 aud()", nothing, 2, "callhome sms sign"),
        ("KME 2.00 1 aud()", nothing, 2, "sequence number"),
        (&lock, &yes, 12, "Is the gateway running"),
        ("hello", nothing, 12, "127.0.0.1:9"),
    ] {
        let (code, out, err) = callhome(&[&send[..], flags].concat(), text);
        assert_eq!((code, out.as_str()), (expected, ""), "{text}: {err}");
        assert!(err.contains(advice), "{text}: {err}");
        assert!(!err.contains("s3cret-pw"), "{err}");
    }
    let (_, _, err) = callhome(&[&send[..], &["-o", "json"]].concat(), "hello");
    let error: serde_json::Value = serde_json::from_str(&err).expect("one line of JSON");
    assert_eq!(error["error"], "unreachable");
}

#[test]
fn a_dry_run_shows_the_request_and_hides_what_opens_doors() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let key = file(&folder, "phone.key", 0o600, SECRET.as_bytes());
    let password = file(&folder, "kannel.pw", 0o600, b"s3cret-pw\n");
    let lock = well(
        &["sms", "sign", "--secret-file", &key],
        "KME 2.00 00000001 lck()",
    );
    let token = lock.split(' ').nth(3).expect("a token");
    let out = well(
        &[
            "sms",
            "send",
            "-n",
            "--to",
            "+14085550137",
            "--gateway-url",
            "kannel+http://kme@127.0.0.1:9",
            "--password-file",
            &password,
        ],
        &lock,
    );
    assert!(
        out.contains("to=+14085550137&text=KME 2.00 00000001 ................ lck()"),
        "{out}"
    );
    assert!(!out.contains("s3cret-pw") && !out.contains(token), "{out}");
}

#[test]
fn who_signs_again_under_the_same_key_gets_the_same_text_and_takes_no_number() {
    let home = Home::new();
    let serve = home.start("serve", &["serve"], "ready: ");
    let imei = "358931104120070";
    let phone = home.start("phone", &["agent", "run", "--imei", imei], "ready");
    let text = "KME 2.00 ........ aud()";
    let sign = ["sms", "sign", "--device", imei, text];
    let under = |key: &str| home.ok(&[&sign[..], &["--idempotency-key", key]].concat());
    let first = under("k-1");
    assert_eq!(under("k-1"), first);
    assert_ne!(under("k-2"), first);
    assert_ne!(home.ok(&sign), home.ok(&sign));
    // Another text under the key would be another request.
    let other = ["sms", "sign", "--device", imei, "KME 2.00 ........ loc(1)"];
    let ran = home.run(&[&other[..], &["--idempotency-key", "k-1"]].concat());
    assert_ne!(ran.code, 0, "{}", ran.stdout);
    assert!(ran.stderr.contains("idempotency key"), "{}", ran.stderr);
    // Without the server there is nobody who remembers it.
    let alone = ["sms", "sign", "--secret-file", "phone.key", text];
    let ran = home.run(&[&alone[..], &["--idempotency-key", "k-1"]].concat());
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    drop(phone);
    assert_eq!(serve.stop(), 0);
}
