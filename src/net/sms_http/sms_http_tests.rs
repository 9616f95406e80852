use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::thread::JoinHandle;

use super::*;

/// A listener that answers one request and gives it back: request line, headers, body.
fn once(answer: &'static str) -> (String, JoinHandle<(String, Vec<String>, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
    let address = listener.local_addr().expect("bound").to_string();
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let mut reader = BufReader::new(stream.try_clone().expect("a socket"));
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).expect("text");
            if line.trim().is_empty() {
                break;
            }
            lines.push(line.trim().to_owned());
        }
        let length = lines
            .iter()
            .find_map(|l| l.strip_prefix("content-length: "))
            .map_or(0, |l| l.parse().expect("a number"));
        let mut body = vec![0; length];
        reader.read_exact(&mut body).expect("the whole body");
        stream.write_all(answer.as_bytes()).expect("still open");
        let body = String::from_utf8(body).expect("text");
        (lines.remove(0), lines, body)
    });
    (address, thread)
}

fn sms(text: &str) -> OutboundSms {
    OutboundSms::text(
        "+358401234567".parse().expect("a number"),
        text,
        "4t9wz0kc".parse().expect("an id"),
    )
}

fn kannel(address: &str) -> HttpGateway {
    let settings = KannelSettings::new(&format!("kannel+http://kme@{address}"), None, "s3cret&")
        .expect("an address")
        .sent_from(Some("12345".into()))
        .receipts_at(Some(
            "https://mdm.example/gateway/v1/k/x/dlr"
                .parse()
                .expect("an address"),
        ));
    HttpGateway::kannel("kannel-1", settings, None).expect("set up")
}

#[tokio::test]
async fn kannel_gets_every_parameter_escaped() {
    let (address, thread) = once(
        "HTTP/1.1 202 Accepted\r\nContent-Length: 25\r\nConnection: close\r\n\r\n0: Accepted for delivery\n",
    );
    let accepted = kannel(&address)
        .send(sms("KME 2.00 00000001 0123456789abcdef msg(a%20b&c)"))
        .await
        .expect("accepted");
    assert_eq!(accepted.answer, "Accepted for delivery");
    let (line, _, _) = thread.join().expect("answered");
    assert_eq!(
        line,
        "GET /cgi-bin/sendsms?username=kme&password=s3cret%26&to=%2B358401234567\
         &text=KME+2.00+00000001+0123456789abcdef+msg%28a%2520b%26c%29&charset=UTF-8&coding=0&from=12345\
         &dlr-mask=19&dlr-url=https%3A%2F%2Fmdm.example%2Fgateway%2Fv1%2Fk%2Fx%2Fdlr%3Fref%3D4t9wz0kc%26\
         send%3D0%26part%3D1%26of%3D1%26type%3D%25d%26reply%3D%25A%26id%3D%25F HTTP/1.1"
    );
}

#[tokio::test]
async fn a_refusal_is_told_in_the_gateways_words_and_without_the_password() {
    let (address, thread) = once(
        "HTTP/1.1 403 Forbidden\r\nContent-Length: 33\r\nConnection: close\r\n\r\nAuthorization failed for sendsms\n",
    );
    let gateway = kannel(&address);
    let error = gateway.send(sms("x")).await.expect_err("refused");
    thread.join().expect("answered");
    assert_eq!(
        error.to_string(),
        "refused by kannel-1: 403 Forbidden: Authorization failed for sendsms"
    );
    assert!(!format!("{error:?} {gateway:?}").contains("s3cret"));
}

#[tokio::test]
async fn a_gateway_that_is_not_there_is_unreachable_and_its_address_shows_no_password() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
    let address = listener.local_addr().expect("bound").to_string();
    drop(listener);
    let error = kannel(&address).send(sms("x")).await.expect_err("nobody");
    assert_eq!(
        error,
        BearerError::Unreachable(format!("kannel-1 at {address}"))
    );
}

#[tokio::test]
async fn templates_are_filled_so_that_values_stay_in_their_place() {
    let (address, thread) =
        once("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
    let settings = TemplateSettings {
        method: None,
        url: format!("http://{address}/send/{{to}}?ref={{reference}}"),
        headers: vec![
            ("Content-Type".into(), "application/json".into()),
            ("Authorization".into(), "Bearer t0ken".into()),
        ],
        body: Some(r#"{"message":"{text}","sender":"{from}","x":{"y":1}}"#.into()),
        from: Some("IT".into()),
        receipts: None,
    };
    let gateway = HttpGateway::template("web", settings, None).expect("set up");
    assert!(!format!("{gateway:?}").contains("t0ken"));
    let text = "say \"hi\"\n{to} \u{e9}";
    gateway.send(sms(text)).await.expect("accepted");
    let (line, headers, body) = thread.join().expect("answered");
    assert_eq!(line, "POST /send/%2B358401234567?ref=4t9wz0kc HTTP/1.1");
    assert!(headers.contains(&"authorization: Bearer t0ken".to_owned()));
    let body: serde_json::Value = serde_json::from_str(&body).expect("still JSON");
    assert_eq!(body["message"], text);
    assert_eq!(body["sender"], "IT");
}

#[tokio::test]
async fn twilio_gets_its_form_with_the_account_and_an_address_for_receipts() {
    let (address, thread) = once(
        "HTTP/1.1 201 Created\r\nContent-Length: 14\r\nConnection: close\r\n\r\n{\"sid\":\"SM1\"}",
    );
    let receipts = "https://mdm.example/gateway/v1/t/x/dlr".parse().ok();
    let mut settings =
        TemplateSettings::twilio(&format!("http://{address}"), "AC123", "t0ken", receipts);
    settings.from = Some("+15005550006".into());
    let gateway = HttpGateway::template("twilio", settings, None).expect("set up");
    gateway.send(sms("a&b=c ä")).await.expect("accepted");
    let (line, headers, body) = thread.join().expect("answered");
    assert_eq!(
        line,
        "POST /2010-04-01/Accounts/AC123/Messages.json HTTP/1.1"
    );
    // AC123:t0ken
    assert!(headers.contains(&"authorization: Basic QUMxMjM6dDBrZW4=".to_owned()));
    let form: Vec<_> = url::form_urlencoded::parse(body.as_bytes())
        .into_owned()
        .collect();
    let expected = [
        ("To", "+358401234567"),
        ("From", "+15005550006"),
        ("Body", "a&b=c ä"),
        (
            "StatusCallback",
            "https://mdm.example/gateway/v1/t/x/dlr?ref=4t9wz0kc&send=0",
        ),
    ];
    assert_eq!(form, expected.map(|(n, v)| (n.to_owned(), v.to_owned())));
    let flash = SendOptions {
        flash: true,
        ..SendOptions::default()
    };
    let options = OutboundSms {
        options: flash,
        ..sms("x")
    };
    let error = gateway.send(options).await.expect_err("not possible");
    assert!(matches!(error, BearerError::Unusable(_)), "{error}");
}

#[tokio::test]
async fn numbers_outside_its_prefixes_are_not_sent() {
    let gateway = kannel("127.0.0.1:9").serving(vec!["+46".into(), "+1".into()]);
    let error = gateway.send(sms("x")).await.expect_err("not served");
    assert!(matches!(error, BearerError::Unusable(_)), "{error}");
}

#[test]
fn wrong_settings_are_named_before_anything_is_sent() {
    for (address, expected) in [
        ("nonsense", InvalidKannelUrl::Form),
        ("ftp://kme@host/", InvalidKannelUrl::Form),
        ("http://kme:pw@host/", InvalidKannelUrl::PasswordInside),
        ("http://host/", InvalidKannelUrl::NoUser),
    ] {
        assert_eq!(
            KannelSettings::new(address, None, "x").map(|_| ()),
            Err(expected),
            "{address}"
        );
    }
    let good = TemplateSettings {
        method: None,
        url: "https://sms.example/send?to={to}&text={text}".into(),
        headers: Vec::new(),
        body: None,
        from: None,
        receipts: None,
    };
    assert!(good.check().is_ok());
    for (url, header, expected) in [
        ("https://x/{to}", "", InvalidTemplate::Missing("{text}")),
        ("{to}{text}", "", InvalidTemplate::Url),
        (
            "https://x/{to}{text}{froom}",
            "",
            InvalidTemplate::Unknown("{froom}".into()),
        ),
        ("https://x/{to}{text}{from}", "", InvalidTemplate::NoSender),
        (
            "https://x/{to}{text}{receipts}",
            "",
            InvalidTemplate::NoReceipts,
        ),
        (
            "https://x/{to}{text}",
            "bad\r\nvalue",
            InvalidTemplate::Header("X".into()),
        ),
    ] {
        let settings = TemplateSettings {
            url: url.into(),
            headers: vec![("X".into(), header.into())],
            ..good.clone()
        };
        assert_eq!(settings.check(), Err(expected), "{url}");
    }
}

#[tokio::test]
async fn an_answer_that_leaves_open_whether_it_was_taken_is_uncertain() {
    for (answer, uncertain) in [
        (
            "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            true,
        ),
        (
            "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            true,
        ),
        (
            "HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            true,
        ),
        (
            "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            false,
        ),
        (
            "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            false,
        ),
        // Taken, and cut off before anything was said.
        ("", true),
    ] {
        let (address, thread) = once(answer);
        let error = kannel(&address)
            .send(sms("x"))
            .await
            .expect_err("not taken");
        thread.join().expect("answered");
        let seen = matches!(error, BearerError::Uncertain { .. });
        assert_eq!(seen, uncertain, "{answer:?}: {error:?}");
    }
}

#[tokio::test]
async fn a_message_whose_rest_was_not_sent_is_surely_not_sent() {
    let (address, thread) =
        once("HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let error = kannel(&address)
        .send(sms(&"long ".repeat(60)))
        .await
        .expect_err("not taken");
    thread.join().expect("answered");
    assert_eq!(
        error,
        BearerError::Unreachable("kannel-1: segment 1 of 2: 504 Gateway Timeout".to_owned())
    );
}
