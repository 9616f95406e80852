use super::*;

/// A pretend DNS: questions in words, answers.
fn ask(uri: &str, random: u64, records: &[(&str, Answer)]) -> Result<Vec<Located>, LocateError> {
    let mut locate = Locate::new(&uri.parse().expect("a URI"), random)?;
    while !locate.questions().is_empty() {
        let answers = locate.questions().iter().map(|question| {
            let words = match question {
                Question::Naptr(name) => format!("NAPTR {name}"),
                Question::Srv(name) => format!("SRV {name}"),
                Question::Addresses(name) => format!("A {name}"),
            };
            let known = records.iter().find(|(q, _)| *q == words);
            known.map_or(Answer::Nothing, |(_, answer)| answer.clone())
        });
        let answers = answers.collect();
        locate.answered(answers);
    }
    locate.targets()
}

fn naptr(order: u16, preference: u16, services: &str, replacement: &str) -> Naptr {
    Naptr {
        order,
        preference,
        flags: "s".into(),
        services: services.into(),
        regexp: String::new(),
        replacement: replacement.into(),
    }
}

fn srv(priority: u16, weight: u16, port: u16, target: &str) -> Srv {
    Srv {
        priority,
        weight,
        port,
        target: target.into(),
    }
}

fn a(last: u8) -> Answer {
    Answer::Addresses(vec![IpAddr::from([192, 0, 2, last])])
}

fn short(targets: &[Located]) -> Vec<String> {
    targets.iter().map(|t| t.hop().to_string()).collect()
}

#[test]
fn an_address_is_the_only_target_and_nothing_is_asked() {
    let found = ask("sip:a@192.0.2.7", 1, &[]).expect("found");
    assert_eq!(short(&found), ["udp 192.0.2.7:5060"]);
    assert!(found[0].why.contains("names this address"));
    let found = ask("sips:a@[2001:db8::7]", 1, &[]).expect("found");
    assert_eq!(short(&found), ["tls [2001:db8::7]:5061"]);
}

#[test]
fn a_port_forbids_srv() {
    let records = [
        (
            "SRV _sip._udp.example.net",
            Answer::Srv(vec![srv(0, 0, 1, "x")]),
        ),
        ("A example.net", a(9)),
    ];
    let found = ask("sip:a@Example.NET:5070;transport=tcp", 1, &records).expect("found");
    assert_eq!(short(&found), ["tcp 192.0.2.9:5070"]);
}

/// The example of RFC 3263 §4.1 and §4.2.
#[test]
fn the_example_of_the_rfc() {
    let records = [
        (
            "NAPTR example.com",
            Answer::Naptr(vec![
                naptr(90, 50, "SIP+D2U", "_sip._udp.example.com"),
                naptr(50, 50, "SIPS+D2T", "_sips._tcp.example.com"),
                naptr(90, 40, "SIP+D2T", "_sip._tcp.example.com"),
                naptr(1, 1, "E2U+sip", "elsewhere.example.com"),
            ]),
        ),
        (
            "SRV _sips._tcp.example.com",
            Answer::Srv(vec![
                srv(1, 1, 5061, "server2.example.com"),
                srv(0, 1, 5061, "server1.example.com"),
            ]),
        ),
        ("A server1.example.com", a(1)),
        ("A server2.example.com", a(2)),
    ];
    let found = ask("sip:user@example.com", 7, &records).expect("found");
    assert_eq!(short(&found), ["tls 192.0.2.1:5061", "tls 192.0.2.2:5061"]);
    // The certificate has to name what the user wrote, not where the DNS led (RFC 5922).
    assert_eq!(&*found[1].name, "example.com");
    assert!(found[0].why.contains("NAPTR 50 50 offers tls"));
    assert!(found[0].why.contains("SRV 0 1"), "{}", found[0].why);
}

#[test]
fn sips_takes_nothing_but_tls() {
    let records = [
        (
            "NAPTR example.com",
            Answer::Naptr(vec![naptr(10, 10, "SIP+D2U", "_sip._udp.example.com")]),
        ),
        (
            "SRV _sip._udp.example.com",
            Answer::Srv(vec![srv(0, 0, 5060, "plain.example.com")]),
        ),
        ("A plain.example.com", a(1)),
        ("A example.com", a(3)),
    ];
    let found = ask("sips:user@example.com", 1, &records).expect("found");
    assert_eq!(short(&found), ["tls 192.0.2.3:5061"]);
    assert!(matches!(
        ask("sips:a@example.com;transport=udp", 1, &[]),
        Err(LocateError::Transport(_))
    ));
}

#[test]
fn without_naptr_all_our_transports_are_asked_for_and_without_srv_the_host_itself() {
    let records = [
        (
            "SRV _sip._tcp.example.com",
            Answer::Srv(vec![srv(0, 0, 5080, "t.example.com")]),
        ),
        ("A t.example.com", a(4)),
        ("A example.com", a(5)),
    ];
    let found = ask("sip:example.com", 1, &records).expect("found");
    assert_eq!(short(&found), ["tcp 192.0.2.4:5080"]);
    let found = ask("sip:example.com", 1, &records[2..]).expect("found");
    assert_eq!(short(&found), ["udp 192.0.2.5:5060"]);
    assert!(found[0].why.contains("no NAPTR, no SRV"));
}

#[test]
fn weights_are_shares_and_priorities_are_not_mixed() {
    let set = vec![srv(2, 0, 3, "c"), srv(1, 10, 1, "a"), srv(1, 30, 2, "b")];
    let records = [
        ("SRV _sip._tcp.example.com", Answer::Srv(set)),
        ("A a", a(1)),
        ("A b", a(2)),
        ("A c", a(3)),
    ];
    let mut heavy_first = 0;
    for random in 1..=2000 {
        let found = ask(
            "sip:example.com;transport=tcp",
            u64::wrapping_mul(random, 0x9e37_79b9_7f4a_7c15),
            &records,
        )
        .expect("found");
        assert_eq!(found[2].address.port(), 3);
        heavy_first += u32::from(found[0].address.port() == 2);
    }
    // 3/4 of 2,000, give or take four standard deviations.
    assert!((1420..1580).contains(&heavy_first), "{heavy_first}");
}

#[test]
fn nowhere_to_go_says_why() {
    assert_eq!(
        ask("sip:a@name.invalid", 1, &[]),
        Err(LocateError::NotFound("name.invalid".into()))
    );
    let records = [(
        "SRV _sip._udp.example.com",
        Answer::Srv(vec![srv(0, 0, 0, ".")]),
    )];
    assert_eq!(
        ask("sip:example.com;transport=udp", 1, &records),
        Err(LocateError::NotOffered("example.com".into()))
    );
}
