use std::time::Duration;

use super::{Class, Effect, ServerInput};
use crate::sip::timer::{Timer, Timers};

/// INVITE server transaction: RFC 3261 §17.2.1 with RFC 6026 §8.5.
///
/// It also repeats a 2xx until its ACK comes (§13.3.1.4), which the RFC leaves to the core above.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerInvite {
    state: State,
    timers: Timers,
    reliable: bool,
    pause: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Proceeding,
    Completed,
    Confirmed,
    Accepted,
    Acknowledged,
    Terminated,
}

impl ServerInvite {
    /// A machine that has just taken in its request.
    #[must_use]
    pub const fn new(timers: Timers, reliable: bool) -> Self {
        Self {
            state: State::Proceeding,
            timers,
            reliable,
            pause: timers.t1,
        }
    }

    /// Whether no final answer was given yet: only then does a CANCEL matter (§9.2).
    #[must_use]
    pub fn is_proceeding(&self) -> bool {
        self.state == State::Proceeding
    }

    /// Takes one input.
    pub fn step(&mut self, input: ServerInput) -> Vec<Effect> {
        use ServerInput::{Ack, Again, Answer, TransportFailed};
        let (next, effects) = match (self.state, input) {
            (State::Proceeding, Again) => (State::Proceeding, vec![Effect::Repeat]),
            (State::Proceeding, Answer(Class::Provisional)) => {
                (State::Proceeding, vec![Effect::Send])
            }
            (State::Proceeding, Answer(Class::Success)) => (
                State::Accepted,
                vec![
                    Effect::Send,
                    // Over every transport: the ACK comes from the far end, not the next hop.
                    Effect::Start(Timer::G, self.pause),
                    Effect::Start(Timer::L, self.timers.patience()),
                ],
            ),
            (State::Proceeding, Answer(Class::Failure)) => {
                let mut effects = vec![Effect::Send];
                if !self.reliable {
                    effects.push(Effect::Start(Timer::G, self.pause));
                }
                effects.push(Effect::Start(Timer::H, self.timers.patience()));
                (State::Completed, effects)
            }
            (state @ (State::Completed | State::Accepted), ServerInput::Timer(Timer::G)) => {
                self.pause = (self.pause * 2).min(self.timers.t2);
                let again = Effect::Start(Timer::G, self.pause);
                (state, vec![Effect::Repeat, again])
            }
            (State::Completed, Again) => (State::Completed, vec![Effect::Repeat]),
            (State::Completed, Ack) => (
                State::Confirmed,
                vec![Effect::Start(Timer::I, self.timers.linger(self.reliable))],
            ),
            (State::Completed, ServerInput::Timer(Timer::H))
            | (State::Accepted, ServerInput::Timer(Timer::L)) => {
                (State::Terminated, vec![Effect::TimedOut, Effect::End])
            }
            (State::Confirmed, ServerInput::Timer(Timer::I))
            | (State::Acknowledged, ServerInput::Timer(Timer::L)) => {
                (State::Terminated, vec![Effect::End])
            }
            (State::Accepted, Ack) => (State::Acknowledged, vec![Effect::Deliver]),
            (State::Proceeding | State::Completed, TransportFailed) => {
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

    fn after(inputs: &[ServerInput]) -> ServerInvite {
        let mut machine = ServerInvite::new(Timers::default(), false);
        for input in inputs {
            machine.step(*input);
        }
        machine
    }

    const OK: ServerInput = ServerInput::Answer(Class::Success);
    const BUSY: ServerInput = ServerInput::Answer(Class::Failure);

    #[test]
    fn a_refusal_is_repeated_until_its_ack() {
        let timers = Timers::default();
        let mut machine = after(&[BUSY]);
        assert_eq!(
            machine.step(ServerInput::Timer(Timer::G)),
            [Effect::Repeat, Effect::Start(Timer::G, timers.t1 * 2)]
        );
        assert_eq!(machine.step(ServerInput::Again), [Effect::Repeat]);
        assert_eq!(
            machine.step(ServerInput::Ack),
            [Effect::Start(Timer::I, timers.t4)]
        );
        assert_eq!(machine.step(ServerInput::Timer(Timer::G)), []);
        assert_eq!(machine.step(ServerInput::Timer(Timer::H)), []);
        assert_eq!(machine.step(ServerInput::Timer(Timer::I)), [Effect::End]);
    }

    #[test]
    fn a_2xx_is_repeated_until_its_ack_and_the_request_absorbed() {
        let mut machine = after(&[OK]);
        assert_eq!(machine.step(ServerInput::Again), []);
        assert_eq!(
            machine.step(ServerInput::Timer(Timer::G))[0],
            Effect::Repeat
        );
        assert_eq!(machine.step(ServerInput::Ack), [Effect::Deliver]);
        assert_eq!(machine.step(ServerInput::Ack), []);
        assert_eq!(machine.step(ServerInput::Timer(Timer::G)), []);
        assert_eq!(machine.step(ServerInput::Timer(Timer::L)), [Effect::End]);
    }

    #[test]
    fn an_ack_that_never_comes_is_told() {
        for (input, timer) in [(OK, Timer::L), (BUSY, Timer::H)] {
            assert_eq!(
                after(&[input]).step(ServerInput::Timer(timer)),
                [Effect::TimedOut, Effect::End]
            );
        }
    }

    #[test]
    fn no_second_final_answer_goes_out() {
        for first in [OK, BUSY] {
            for second in [OK, BUSY] {
                assert_eq!(after(&[first]).step(second), [], "{first:?} {second:?}");
            }
        }
    }

    #[test]
    fn pauses_double_up_to_t2() {
        let mut machine = after(&[BUSY]);
        let pauses: Vec<_> = (0..5)
            .map(|_| machine.step(ServerInput::Timer(Timer::G))[1])
            .map(|e| match e {
                Effect::Start(_, pause) => pause.as_millis(),
                _ => 0,
            })
            .collect();
        assert_eq!(pauses, [1000, 2000, 4000, 4000, 4000]);
    }
}
