use std::io::BufRead as _;

use tokio::sync::mpsc;

use crate::agent::device::DeviceHandle;
use crate::agent::phone::PinAnswer;
use crate::api::NumberCode;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::output::View;
use crate::sip::SipUri;

/// The phone in its user's hands: lines on standard input.
pub(super) struct Keyboard {
    lines: mpsc::Receiver<String>,
}

impl Keyboard {
    /// Begins to read. The thread cannot be joined: it sits in a read that only the typist ends, or the process.
    pub(super) fn new() -> Self {
        let (typed, lines) = mpsc::channel(8);
        std::thread::spawn(move || {
            for line in std::io::stdin().lock().lines().map_while(Result::ok) {
                if typed.blocking_send(line).is_err() {
                    return;
                }
            }
        });
        Self { lines }
    }

    /// The next line that was typed; never comes back once there are no more.
    pub(super) async fn next(&mut self) -> String {
        match self.lines.recv().await {
            Some(line) => line,
            None => std::future::pending().await,
        }
    }
}

/// Does what was typed.
pub(super) async fn typed(
    context: &Context,
    phone: &DeviceHandle,
    line: &str,
) -> Result<(), CommandError> {
    let (word, rest) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
    match word {
        "" => Ok(()),
        "pin" => {
            let words = match phone.enter_pin(rest.trim()).await {
                Some(PinAnswer::Unlocked) => "unlocked".to_owned(),
                Some(PinAnswer::Wrong) => "wrong PIN: still locked".to_owned(),
                Some(PinAnswer::NotLocked) => "it is not locked".to_owned(),
                Some(PinAnswer::Wait(until)) => {
                    format!("too many wrong PINs: wait until {until}")
                }
                None => "the phone is off".to_owned(),
            };
            context.announce(&words)
        }
        "code" => {
            let numbers = phone.look().await.map(|s| s.numbers).unwrap_or_default();
            let Some(number) = numbers.into_iter().next() else {
                return context.announce("this phone has no number");
            };
            let code = rest.trim().to_owned();
            let words = match phone.type_code(NumberCode { number, code }).await {
                Some(Ok(true)) => "the number is verified".to_owned(),
                Some(Ok(false)) => "wrong code, or too old".to_owned(),
                Some(Err(error)) => error.to_string(),
                None => "the phone is off".to_owned(),
            };
            context.announce(&words)
        }
        "proxy" => {
            let proxy = match rest.trim() {
                "none" => None,
                text => match text.parse::<SipUri>() {
                    Ok(proxy) => Some(proxy),
                    Err(error) => {
                        return context.announce(&format!(
                            "{text:?} is no router: {error}. As in:  proxy sip:127.0.0.1:5070"
                        ));
                    }
                },
            };
            phone.go_behind(proxy);
            context.announce(&format!("registers through {}", match rest.trim() {
                "none" => "no router",
                text => text,
            }))
        }
        "show" => match phone.look().await {
            Some(snapshot) => context.show(&View::one("phone", &snapshot)),
            None => context.announce("the phone is off"),
        },
        _ => context.announce(
            "type: pin DIGITS (on the lock screen), code DIGITS (from a text message), proxy URI or proxy none, or show",
        ),
    }
}
