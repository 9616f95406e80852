//! What a signed text message costs: composing and signing it beside one HMAC-SHA-256 of the same length, and how fast
//! texts are split into messages, in each alphabet.
//!
//! `cargo bench --bench sms` prints the best of several rounds of each. The ratio is what to watch: the rates depend on
//! the processor.

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use callhome::domain::{Action, DeviceSecret, Sequence};
use callhome::sms::{Draft, Reference, Segment, SmsKeys, Version, split, split_octets};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Rounds of which the best counts: what else the machine does only ever takes time.
const ROUNDS: u32 = 7;

/// How long a round takes; without `--bench` as long as it takes to see that it still runs.
fn round() -> Duration {
    match std::env::args().any(|a| a == "--bench") {
        true => Duration::from_millis(300),
        false => Duration::from_millis(3),
    }
}

/// How often a second something can be done.
fn rate(mut once: impl FnMut()) -> f64 {
    let time = round();
    let rates = (0..ROUNDS).map(|_| {
        let (begun, mut done) = (Instant::now(), 0.0);
        while begun.elapsed() < time {
            for _ in 0..32 {
                once();
            }
            done += 32.0;
        }
        done / begun.elapsed().as_secs_f64()
    });
    rates.fold(0.0, f64::max)
}

/// How often a second something can be done with what is made ready beforehand.
fn rate_of<T>(ready: impl Fn() -> T, mut once: impl FnMut(T)) -> f64 {
    const LOT: usize = 512;
    let time = round();
    let rates = (0..ROUNDS).map(|_| {
        let (mut spent, mut done) = (Duration::ZERO, 0.0);
        while spent < time {
            let lot: Vec<T> = (0..LOT).map(|_| ready()).collect();
            let begun = Instant::now();
            lot.into_iter().for_each(&mut once);
            spent += begun.elapsed();
            done += LOT as f64;
        }
        done / spent.as_secs_f64()
    });
    rates.fold(0.0, f64::max)
}

fn signing() {
    let secret = DeviceSecret::from_bytes([7; 32]);
    let keys = SmsKeys::derive(&secret);
    for actions in [
        "lck(Please%20call%20IT)",
        "aud() loc(3,60) msg(Bring%20it%20to%20room%20117) rng(30)",
    ] {
        let actions: Vec<Action> = actions.split(' ').map(|a| a.parse().unwrap()).collect();
        let compose = |actions| {
            let first = Sequence::new(95_471);
            let draft = Draft::new(Version::V2, Some(first), actions).unwrap();
            draft.sign(&keys).unwrap()
        };
        let octets = compose(actions.clone()).signed_octets();
        let ours = rate_of(|| actions.clone(), |all| drop(black_box(compose(all))));
        // The key is set up once, as ours is.
        let keyed = Hmac::<Sha256>::new_from_slice(&[7; 32]).unwrap();
        let bare = rate(|| {
            let mut mac = keyed.clone();
            mac.update(black_box(&octets));
            black_box(mac.finalize());
        });
        println!(
            "{} action(s) composed and signed, {} octets: {ours:.0}/s; one HMAC-SHA-256 of them: {bare:.0}/s; {:.2} times its cost",
            actions.len(),
            octets.len(),
            bare / ours
        );
    }
}

/// What is split, of how many octets, and how.
type Case<'a> = (&'a str, usize, Box<dyn Fn() -> Vec<Segment> + 'a>);

fn splitting() {
    let one = Reference::Eight(0xa5);
    let seven = "0123456789 Please call the desk. ".repeat(46);
    let wide = "Жёлтая подводная лодка 😀 ".repeat(27);
    let octets: Vec<u8> = (0..=255).cycle().take(1_300).collect();
    let cases: [Case<'_>; 5] = [
        (
            "GSM-7, 1 message",
            160,
            Box::new(|| split(&seven[..160], None, one).unwrap()),
        ),
        (
            "GSM-7",
            seven.len(),
            Box::new(|| split(&seven, None, one).unwrap()),
        ),
        (
            "UCS-2",
            wide.len(),
            Box::new(|| split(&wide, None, one).unwrap()),
        ),
        (
            "octets",
            octets.len(),
            Box::new(|| split_octets(&octets, Some((2948, 9200)), one).unwrap()),
        ),
        ("GSM-7, 255 messages", 255 * 153, {
            let all = "x".repeat(255 * 153);
            Box::new(move || split(&all, None, one).unwrap())
        }),
    ];
    for (name, length, work) in &cases {
        let count = work().len();
        let texts = rate(|| drop(black_box(work())));
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let (messages, octets) = (texts * count as f64, texts * *length as f64);
        println!(
            "{name}: {length} octets of text in {count}: {messages:.0} messages/s, {:.1} MB/s",
            octets / 1e6
        );
    }
}

fn main() {
    signing();
    splitting();
}
