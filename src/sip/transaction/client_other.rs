use std::time::Duration;

use super::{Class, ClientInput, Effect};
use crate::sip::timer::{Timer, Timers};

/// Client transaction of every method but INVITE and ACK: RFC 3261 §17.1.2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientOther {
    state: State,
    timers: Timers,
    reliable: bool,
    pause: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Trying,
    Proceeding,
    Completed,
    Terminated,
}

impl ClientOther {
    /// A machine before its first step.
    #[must_use]
    pub const fn new(timers: Timers, reliable: bool) -> Self {
        Self {
            state: State::Trying,
            timers,
            reliable,
            pause: timers.t1,
        }
    }

    /// Takes one input.
    pub fn step(&mut self, input: ClientInput) -> Vec<Effect> {
        use ClientInput::{Answer, Begin, TransportFailed};
        let (next, effects) = match (self.state, input) {
            (State::Trying, Begin) => {
                let again = Effect::Start(Timer::E, self.pause);
                let over = Effect::Start(Timer::F, self.timers.patience());
                let effects = match self.reliable {
                    true => vec![Effect::Send, over],
                    false => vec![Effect::Send, again, over],
                };
                (State::Trying, effects)
            }
            (State::Trying, ClientInput::Timer(Timer::E)) => {
                self.pause = (self.pause * 2).min(self.timers.t2);
                let again = Effect::Start(Timer::E, self.pause);
                (State::Trying, vec![Effect::Repeat, again])
            }
            (State::Proceeding, ClientInput::Timer(Timer::E)) => (
                State::Proceeding,
                vec![Effect::Repeat, Effect::Start(Timer::E, self.timers.t2)],
            ),
            (State::Trying | State::Proceeding, ClientInput::Timer(Timer::F)) => {
                (State::Terminated, vec![Effect::TimedOut, Effect::End])
            }
            (State::Trying | State::Proceeding, Answer(Class::Provisional)) => {
                (State::Proceeding, vec![Effect::Deliver])
            }
            (State::Trying | State::Proceeding, Answer(Class::Success | Class::Failure)) => (
                State::Completed,
                vec![
                    Effect::Deliver,
                    Effect::Start(Timer::K, self.timers.linger(self.reliable)),
                ],
            ),
            (State::Completed, ClientInput::Timer(Timer::K)) => {
                (State::Terminated, vec![Effect::End])
            }
            (State::Trying | State::Proceeding, TransportFailed) => {
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
    fn an_unanswered_request_is_sent_eleven_times_in_32_seconds() {
        let mut machine = ClientOther::new(Timers::default(), false);
        let mut effects = machine.step(ClientInput::Begin);
        let (mut at, mut sends) = (Duration::ZERO, 1);
        while let Some(pause) = effects.iter().find_map(|e| match e {
            Effect::Start(Timer::E, pause) => Some(*pause),
            _ => None,
        }) {
            at += pause;
            if at >= Timers::default().patience() {
                break;
            }
            effects = machine.step(ClientInput::Timer(Timer::E));
            sends += 1;
        }
        assert_eq!(sends, 11);
        assert_eq!(
            machine.step(ClientInput::Timer(Timer::F)),
            [Effect::TimedOut, Effect::End]
        );
    }

    #[test]
    fn after_a_provisional_answer_copies_go_out_every_t2() {
        let timers = Timers::default();
        let mut machine = ClientOther::new(timers, false);
        machine.step(ClientInput::Begin);
        machine.step(ClientInput::Answer(Class::Provisional));
        assert_eq!(
            machine.step(ClientInput::Timer(Timer::E)),
            [Effect::Repeat, Effect::Start(Timer::E, timers.t2)]
        );
        assert_eq!(
            machine.step(ClientInput::Timer(Timer::F)),
            [Effect::TimedOut, Effect::End]
        );
    }

    #[test]
    fn copies_of_the_final_answer_are_absorbed() {
        for (reliable, linger) in [(false, Timers::default().t4), (true, Duration::ZERO)] {
            let mut machine = ClientOther::new(Timers::default(), reliable);
            machine.step(ClientInput::Begin);
            assert_eq!(
                machine.step(ClientInput::Answer(Class::Failure)),
                [Effect::Deliver, Effect::Start(Timer::K, linger)]
            );
            for late in [
                ClientInput::Answer(Class::Success),
                ClientInput::Timer(Timer::E),
                ClientInput::Timer(Timer::F),
                ClientInput::TransportFailed,
            ] {
                assert_eq!(machine.step(late), [], "{late:?}");
            }
            assert_eq!(machine.step(ClientInput::Timer(Timer::K)), [Effect::End]);
        }
    }
}
