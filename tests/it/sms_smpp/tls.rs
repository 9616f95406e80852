use std::path::Path;
use std::sync::Arc;

use callhome::net::tls::ClientTls;
use callhome::port::{BearerError, SmsGateway as _};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

use super::peer::{Centre, Noted};
use super::sms;
use crate::support::program::{callhome, file};

const OURS: &str = "authority of the tests";

/// An authority (PEM) of this name, and the files of a certificate for these names with its key.
fn certificate(folder: &Path, authority: &str, names: &[&str]) -> (String, String, String) {
    let ca_key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(Vec::<String>::new()).expect("no names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let name = &mut params.distinguished_name;
    name.push(DnType::CommonName, authority);
    let ca = params.self_signed(&ca_key).expect("made").pem();
    let issuer = Issuer::from_ca_cert_pem(&ca, ca_key).expect("an authority");
    let key = KeyPair::generate().expect("a key");
    let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
    let params = CertificateParams::new(names).expect("names");
    let shown = params.signed_by(&key, &issuer).expect("made").pem();
    let write = |name: &str, text: String| {
        let path = folder.join(name);
        std::fs::write(&path, text).expect("a scratch file");
        path.display().to_string()
    };
    (
        ca,
        write("centre.pem", shown),
        write("centre.key", key.serialize_pem()),
    )
}

fn tls_centre(folder: &Path, names: &[&str]) -> Option<(Centre, String)> {
    let (ca, shown, key) = certificate(folder, OURS, names);
    let variables = [("TLS_CERT", shown.as_str()), ("TLS_KEY", key.as_str())];
    Some((Centre::start_at(0, &variables)?, ca))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_centre_behind_tls_is_verified_and_serves_both_directions() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let Some((mut centre, ca)) = tls_centre(folder.path(), &["127.0.0.1"]) else {
        return;
    };
    let inbox = Arc::new(Noted::default());
    let gateway = centre.gateway(&inbox, |settings| {
        settings.tls = Some(ClientTls::of_host(Some(&ca)).expect("an authority"));
    });
    let long = "0123456789".repeat(150);
    gateway.send(sms(&long)).await.expect("taken");
    let mut arrived = String::new();
    for _ in 0..10 {
        arrived.push_str(centre.next("text")["text"].as_str().expect("text"));
    }
    assert_eq!(arrived, long);
    inbox.receipts(10).await;
    let health = gateway.check().await.expect("it is there");
    assert!(health.ready && health.detail.contains("TLS"), "{health:?}");
    // A cut, and a new handshake.
    centre.next("bind");
    centre.cut();
    centre.next("bind");
    gateway.send(sms("again")).await.expect("taken");
    assert_eq!(centre.next("text")["text"], "again");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_the_centre_is_refused_and_what_to_do_is_said() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let other = tempfile::tempdir().expect("a scratch folder");
    let Some((centre, ca)) = tls_centre(folder.path(), &["smsc.example.com"]) else {
        return;
    };
    let (stranger, ..) = certificate(other.path(), "somebody else", &["127.0.0.1"]);
    let (namesake, ..) = certificate(other.path(), OURS, &["127.0.0.1"]);
    let plain = Centre::start().expect("as before");
    for (port, tls, expected) in [
        (centre.port, Some(&stranger), "as ca_file"),
        (centre.port, Some(&namesake), "as ca_file"),
        (centre.port, Some(&ca), "does not name 127.0.0.1"),
        (plain.port, Some(&ca), "begins with smpp://"),
        (centre.port, None, "begins with smpps://"),
    ] {
        let inbox = Arc::new(Noted::default());
        let gateway = centre.gateway(&inbox, |settings| {
            settings.port = port;
            settings.tls = tls.map(|ca| ClientTls::of_host(Some(ca)).expect("an authority"));
        });
        let error = gateway.send(sms("secret")).await.expect_err("refused");
        assert!(matches!(error, BearerError::Unreachable(_)), "{error}");
        assert!(error.to_string().contains(expected), "{expected}: {error}");
    }
}

#[test]
fn a_text_is_sent_over_tls_from_the_command_line() {
    let folder = tempfile::tempdir().expect("a scratch folder");
    let Some((mut centre, ca)) = tls_centre(folder.path(), &["localhost", "127.0.0.1"]) else {
        return;
    };
    let ca = file(&folder, "ca.pem", 0o644, ca.as_bytes());
    let other = tempfile::tempdir().expect("a scratch folder");
    let (stranger, ..) = certificate(other.path(), "somebody else", &["127.0.0.1"]);
    let stranger = file(&folder, "stranger.pem", 0o644, stranger.as_bytes());
    let empty = file(&folder, "empty.pem", 0o644, b"nothing");
    let password = file(&folder, "smpp.pw", 0o600, b"bar\n");
    let gateway = format!("smpps://foo@127.0.0.1:{}", centre.port);
    let send = |more: &[&str]| {
        let args = [
            "sms",
            "send",
            "--to",
            "+358401234567",
            "--gateway-url",
            &gateway,
            "--password-file",
            &password,
        ];
        callhome(&[&args[..], more, &["Back at nine"]].concat(), "")
    };
    let (code, out, told) = send(&["--ca-file", &ca, "-o", "json"]);
    assert_eq!(code, 0, "{told}");
    let sent: serde_json::Value = serde_json::from_str(&out).expect("one document");
    let arrived = centre.next("text");
    assert_eq!(arrived["text"], "Back at nine");
    assert_eq!(sent["reference"], arrived["id"]);
    for (ca, code, advice) in [
        (stranger.as_str(), 12, "--ca-file FILE"),
        (&empty, 2, "no certificate in PEM"),
        ("missing.pem", 2, "missing.pem"),
    ] {
        let (found, out, told) = send(&["--ca-file", ca]);
        assert_eq!((found, out.as_str()), (code, ""), "{told}");
        assert!(told.contains(advice), "{told}");
    }
    assert_eq!(centre.all("text"), Vec::<serde_json::Value>::new());
}
