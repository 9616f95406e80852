use super::{Class, Effect, ServerInput};
use crate::sip::timer::{Timer, Timers};

/// Server transaction of every method but INVITE and ACK: RFC 3261 §17.2.2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerOther {
    state: State,
    timers: Timers,
    reliable: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Trying,
    Proceeding,
    Completed,
    Terminated,
}

impl ServerOther {
    /// A machine that has just taken in its request.
    #[must_use]
    pub const fn new(timers: Timers, reliable: bool) -> Self {
        Self {
            state: State::Trying,
            timers,
            reliable,
        }
    }

    /// Takes one input.
    pub fn step(&mut self, input: ServerInput) -> Vec<Effect> {
        use ServerInput::{Again, Answer, TransportFailed};
        let (next, effects) = match (self.state, input) {
            (State::Trying | State::Proceeding, Answer(Class::Provisional)) => {
                (State::Proceeding, vec![Effect::Send])
            }
            (State::Trying | State::Proceeding, Answer(Class::Success | Class::Failure)) => (
                State::Completed,
                vec![
                    Effect::Send,
                    Effect::Start(Timer::J, self.timers.j(self.reliable)),
                ],
            ),
            (state @ (State::Proceeding | State::Completed), Again) => {
                (state, vec![Effect::Repeat])
            }
            (State::Completed, ServerInput::Timer(Timer::J)) => {
                (State::Terminated, vec![Effect::End])
            }
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

    #[test]
    fn a_repeated_request_gets_the_same_answer_and_is_run_once() {
        let timers = Timers::default();
        let mut machine = ServerOther::new(timers, false);
        assert_eq!(machine.step(ServerInput::Again), []);
        assert_eq!(
            machine.step(ServerInput::Answer(Class::Success)),
            [Effect::Send, Effect::Start(Timer::J, timers.patience())]
        );
        assert_eq!(machine.step(ServerInput::Again), [Effect::Repeat]);
        assert_eq!(machine.step(ServerInput::Answer(Class::Failure)), []);
        assert_eq!(machine.step(ServerInput::Timer(Timer::J)), [Effect::End]);
        assert_eq!(machine.step(ServerInput::Again), []);
    }
}
