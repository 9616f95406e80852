use std::time::Duration;

use super::{Class, ClientInput, Effect};
use crate::sip::timer::{Timer, Timers};

/// INVITE client transaction: RFC 3261 §17.1.1 with RFC 6026 §8.4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientInvite {
    state: State,
    timers: Timers,
    reliable: bool,
    pause: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Calling,
    Proceeding,
    Completed,
    Accepted,
    Terminated,
}

impl ClientInvite {
    /// A machine before its first step.
    #[must_use]
    pub const fn new(timers: Timers, reliable: bool) -> Self {
        Self {
            state: State::Calling,
            timers,
            reliable,
            pause: timers.t1,
        }
    }

    /// Whether a provisional answer came and a final one did not: only then may it be cancelled (§9.1).
    #[must_use]
    pub fn is_proceeding(&self) -> bool {
        self.state == State::Proceeding
    }

    /// Takes one input.
    pub fn step(&mut self, input: ClientInput) -> Vec<Effect> {
        use ClientInput::{Answer, Begin, TransportFailed};
        let (next, effects) = match (self.state, input) {
            (State::Calling, Begin) => {
                let mut effects = vec![Effect::Send];
                if !self.reliable {
                    effects.push(Effect::Start(Timer::A, self.pause));
                }
                effects.push(Effect::Start(Timer::B, self.timers.patience()));
                (State::Calling, effects)
            }
            (State::Calling, ClientInput::Timer(Timer::A)) => {
                self.pause *= 2;
                let again = Effect::Start(Timer::A, self.pause);
                (State::Calling, vec![Effect::Repeat, again])
            }
            (State::Calling, ClientInput::Timer(Timer::B)) => {
                (State::Terminated, vec![Effect::TimedOut, Effect::End])
            }
            (State::Calling | State::Proceeding, Answer(Class::Provisional)) => {
                (State::Proceeding, vec![Effect::Deliver])
            }
            (State::Calling | State::Proceeding, Answer(Class::Success)) => (
                State::Accepted,
                vec![
                    Effect::Deliver,
                    Effect::Start(Timer::M, self.timers.patience()),
                ],
            ),
            (State::Calling | State::Proceeding, Answer(Class::Failure)) => (
                State::Completed,
                vec![
                    Effect::Acknowledge,
                    Effect::Deliver,
                    Effect::Start(Timer::D, self.timers.d(self.reliable)),
                ],
            ),
            (State::Completed, Answer(Class::Failure)) => {
                (State::Completed, vec![Effect::Acknowledge])
            }
            (State::Accepted, Answer(Class::Success)) => (State::Accepted, vec![Effect::Deliver]),
            (State::Completed, ClientInput::Timer(Timer::D))
            | (State::Accepted, ClientInput::Timer(Timer::M)) => {
                (State::Terminated, vec![Effect::End])
            }
            (State::Calling | State::Proceeding | State::Completed, TransportFailed) => {
                (State::Terminated, vec![Effect::Failed, Effect::End])
            }
            (state, _) => (state, Vec::new()),
        };
        self.state = next;
        effects
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn begun() -> ClientInvite {
        let mut machine = ClientInvite::new(Timers::default(), false);
        machine.step(ClientInput::Begin);
        machine
    }

    #[test]
    fn an_unanswered_invite_is_sent_seven_times_in_32_seconds() {
        let mut machine = ClientInvite::new(Timers::default(), false);
        let mut effects = machine.step(ClientInput::Begin);
        let (mut at, mut sends) = (Duration::ZERO, 1);
        while let Some(pause) = effects.iter().find_map(|e| match e {
            Effect::Start(Timer::A, pause) => Some(*pause),
            _ => None,
        }) {
            at += pause;
            if at >= Timers::default().patience() {
                break;
            }
            effects = machine.step(ClientInput::Timer(Timer::A));
            assert_eq!(effects[0], Effect::Repeat);
            sends += 1;
        }
        assert_eq!(sends, 7);
        assert_eq!(
            machine.step(ClientInput::Timer(Timer::B)),
            [Effect::TimedOut, Effect::End]
        );
    }

    #[test]
    fn a_provisional_answer_stops_the_copies_and_timer_b() {
        let mut machine = begun();
        assert!(!machine.is_proceeding());
        assert_eq!(
            machine.step(ClientInput::Answer(Class::Provisional)),
            [Effect::Deliver]
        );
        assert!(machine.is_proceeding());
        assert_eq!(machine.step(ClientInput::Timer(Timer::A)), []);
        assert_eq!(machine.step(ClientInput::Timer(Timer::B)), []);
    }

    #[test]
    fn every_copy_of_a_refusal_is_acknowledged_and_only_the_first_is_told() {
        let mut machine = begun();
        assert_eq!(
            machine.step(ClientInput::Answer(Class::Failure)),
            [
                Effect::Acknowledge,
                Effect::Deliver,
                Effect::Start(Timer::D, 32_000 * MS)
            ]
        );
        assert_eq!(
            machine.step(ClientInput::Answer(Class::Failure)),
            [Effect::Acknowledge]
        );
        assert_eq!(machine.step(ClientInput::Answer(Class::Success)), []);
        assert_eq!(machine.step(ClientInput::Timer(Timer::D)), [Effect::End]);
    }

    #[test]
    fn every_copy_of_a_2xx_is_told_until_timer_m() {
        let mut machine = begun();
        machine.step(ClientInput::Answer(Class::Success));
        assert_eq!(
            machine.step(ClientInput::Answer(Class::Success)),
            [Effect::Deliver]
        );
        assert_eq!(machine.step(ClientInput::Answer(Class::Failure)), []);
        assert_eq!(machine.step(ClientInput::TransportFailed), []);
        assert_eq!(machine.step(ClientInput::Timer(Timer::M)), [Effect::End]);
        assert_eq!(machine.step(ClientInput::Answer(Class::Success)), []);
    }

    #[test]
    fn a_reliable_transport_needs_no_copies() {
        let mut machine = ClientInvite::new(Timers::default(), true);
        assert_eq!(
            machine.step(ClientInput::Begin),
            [Effect::Send, Effect::Start(Timer::B, 32_000 * MS)]
        );
    }

    #[test]
    fn a_network_that_refuses_ends_it() {
        assert_eq!(
            begun().step(ClientInput::TransportFailed),
            [Effect::Failed, Effect::End]
        );
    }
}
