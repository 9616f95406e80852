use std::time::Duration;

use crate::domain::{Action, ActionKind, Sequence, Timestamp};
use crate::sms::{ActionResult, Payload, ResultStatus};

use super::job::{Job, Step, backup_id};
use super::{Brain, Effect};
use crate::agent::phone::Part;

/// Positions in one `loc()`.
const MAX_FIXES: u32 = 100;

/// How an action ended at once, or the first step of a longer one.
pub(super) enum Outcome {
    Done(Payload),
    Failed(&'static str, String),
    Refused(&'static str, String),
    Unsupported,
    Job(Step),
}

use self::Outcome::{Done, Failed, Refused, Unsupported};

impl Brain {
    /// Runs one action. Called once for each number: the receiver sees to that.
    pub(super) fn run(
        &mut self,
        sequence: Sequence,
        action: &Action,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        self.phone
            .note(now, &format!("runs {sequence} {}()", action.name()));
        match self.outcome(sequence, action, now, effects) {
            Outcome::Job(step) => {
                self.jobs.insert(sequence, Job::new(action, step));
                self.go_on(sequence, now, effects);
            }
            ended => {
                self.count(action);
                self.end(sequence, action, ended, now, effects);
            }
        }
    }

    fn count(&mut self, action: &Action) {
        *self.counters.executed.entry(action.name()).or_default() += 1;
    }

    fn outcome(
        &mut self,
        sequence: Sequence,
        action: &Action,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) -> Outcome {
        let Some(kind) = action.kind() else {
            return Unsupported;
        };
        let param = |at| action.param(at);
        match kind {
            ActionKind::Audit => Done(Payload::Audit(self.audit(now))),
            ActionKind::Locate => self.locate(param(0), param(1), now),
            ActionKind::Lock => {
                self.phone.lock(param(0), sequence, now);
                Done(Payload::Lock { locked: true })
            }
            ActionKind::Unlock => {
                self.phone.unlock();
                Done(Payload::Lock { locked: false })
            }
            ActionKind::Wipe => match Part::named(param(0)) {
                Some(parts) => {
                    parts
                        .into_iter()
                        .for_each(|p| self.phone.content_mut().erase(p));
                    Done(Payload::Nothing)
                }
                None => Failed(
                    "no-such-scope",
                    "wip() takes all, contacts, documents or media".into(),
                ),
            },
            ActionKind::Reset => {
                self.phone.reset();
                Done(Payload::Nothing)
            }
            ActionKind::Ring => match param(0).unwrap_or("30").parse() {
                Ok(seconds @ 1..=600) => {
                    self.phone.ring(Duration::from_secs(seconds), now);
                    Done(Payload::Nothing)
                }
                _ => Failed("bad-parameter", "rng() takes 1 to 600 seconds".into()),
            },
            ActionKind::Message => match param(0) {
                Some(text) => {
                    self.phone.show(text);
                    Done(Payload::Nothing)
                }
                None => Failed("bad-parameter", "msg() takes a text".into()),
            },
            ActionKind::Log => {
                let lines = param(0).and_then(|n| n.parse().ok()).unwrap_or(20);
                Done(Payload::Log(self.phone.log(lines)))
            }
            ActionKind::Activate => match param(0) {
                Some(feature) => {
                    self.phone
                        .set(&format!("feature.{feature}"), param(1).unwrap_or("on"));
                    Done(Payload::Nothing)
                }
                None => Failed("bad-parameter", "act() takes a feature".into()),
            },
            ActionKind::Terms => Done(Payload::Terms {
                accepted: self.phone.setting("declines-terms").is_none(),
            }),
            ActionKind::Register => {
                effects.push(Effect::Reregister);
                Done(Payload::Nothing)
            }
            ActionKind::Refresh => {
                effects.extend(self.waiting());
                Done(Payload::Nothing)
            }
            ActionKind::Nothing | ActionKind::FetchUrl | ActionKind::ReplyNumber => {
                Done(Payload::Nothing)
            }
            _ if !self.persona.has_data => Failed("no-data", "this device has no data path".into()),
            ActionKind::CallHome => self.call_home(param(0), param(1)),
            ActionKind::GetFile => self.get_file(sequence, param(0), param(1)),
            ActionKind::Backup => self.back_up(sequence, action),
            ActionKind::Restore => match param(1) {
                Some(url) => Outcome::Job(Step::List {
                    url: url.to_owned(),
                }),
                None => Failed(
                    "bad-parameter",
                    "res() takes a backup and its address".into(),
                ),
            },
            ActionKind::PutFile | ActionKind::InstallApp | ActionKind::Email => {
                let link = if kind == ActionKind::PutFile {
                    param(1)
                } else {
                    param(0)
                };
                match link {
                    Some(link) => Outcome::Job(Step::Fetch {
                        link: link.to_owned(),
                    }),
                    None => Failed(
                        "bad-parameter",
                        "the address to download from is missing".into(),
                    ),
                }
            }
        }
    }

    fn audit(&self, now: Timestamp) -> Vec<(String, String)> {
        let (contacts, documents, media) = self.phone.content().counts();
        let pair = |name: &str, value: String| (name.to_owned(), value);
        let mut facts = vec![
            pair("model", self.persona.model.clone().unwrap_or_default()),
            pair("agent", super::USER_AGENT.to_owned()),
            pair("battery_pct", self.phone.battery_pct(now).to_string()),
            pair("locked", self.phone.lock_screen().is_some().to_string()),
            pair("ringing", self.phone.is_ringing(now).to_string()),
            pair("contacts", contacts.to_string()),
            pair("documents", documents.to_string()),
            pair("media", media.to_string()),
            pair("has_data", self.persona.has_data.to_string()),
        ];
        let identities = &self.persona.identities;
        facts.extend(identities.iter().map(|i| (i.kind().to_string(), i.value())));
        facts.extend(self.phone.settings().map(|(n, v)| pair(n, v.to_owned())));
        facts
    }

    fn locate(&self, samples: Option<&str>, seconds: Option<&str>, now: Timestamp) -> Outcome {
        let number = |text: Option<&str>, default| text.map_or(Ok(default), str::parse::<u32>);
        let (Ok(samples @ 1..=MAX_FIXES), Ok(seconds)) = (number(samples, 1), number(seconds, 60))
        else {
            return Failed(
                "bad-parameter",
                format!("loc() takes 1 to {MAX_FIXES} samples"),
            );
        };
        // The phone keeps its track: the samples are those that led here.
        let fixes = (0..samples)
            .rev()
            .filter_map(|back| {
                let ago = Duration::from_secs(u64::from(back) * u64::from(seconds));
                self.phone.place(now.before(ago))
            })
            .collect();
        Done(Payload::Location(fixes))
    }

    fn call_home(&mut self, url: Option<&str>, request: Option<&str>) -> Outcome {
        if let Some(url) = url
            && !self.trusts_url(url)
        {
            return Refused(
                "untrusted-server",
                "not a server that this device calls".into(),
            );
        }
        Outcome::Job(Step::CallHome {
            url: url.map(str::to_owned),
            request: request.map(str::to_owned),
        })
    }

    fn get_file(&self, sequence: Sequence, file: Option<&str>, max: Option<&str>) -> Outcome {
        let content = self.phone.content();
        let Some(path) = file.and_then(|f| content.find_file(f)) else {
            return Failed("no-such-file", "there is no such file".into());
        };
        let size = content.item(&path).map_or(0, |item| item.content.len());
        match max.map(str::parse::<usize>) {
            Some(Ok(max)) if size > max => {
                return Failed("too-large", format!("the file has {size} bytes"));
            }
            Some(Err(_)) => return Failed("bad-parameter", "get() takes a size in bytes".into()),
            Some(Ok(_)) | None => {}
        }
        self.upload(sequence, vec![path], "file")
    }

    fn back_up(&self, sequence: Sequence, action: &Action) -> Outcome {
        let Some(parts) = Part::named(action.param(0)) else {
            return Failed(
                "no-such-kind",
                "bak() takes all, contacts, documents or media".into(),
            );
        };
        let groups: Vec<String> = action.params().iter().skip(1).flatten().cloned().collect();
        let content = self.phone.content();
        let left = parts
            .into_iter()
            .flat_map(|part| content.paths(part, &groups))
            .collect::<Vec<_>>();
        if left.is_empty() {
            return Failed(
                "nothing-there",
                "there is nothing of that kind on it".into(),
            );
        }
        self.upload(sequence, left, action.param(0).unwrap_or("all"))
    }

    fn upload(&self, sequence: Sequence, left: Vec<String>, kind: &str) -> Outcome {
        let device = self.persona.device_id.to_string();
        Outcome::Job(Step::Upload {
            backup: backup_id(&device, self.receiver.epoch(), sequence),
            left,
            kind: kind.to_owned(),
            entries: 0,
            size_bytes: 0,
            sha256: String::new(),
        })
    }

    fn end(
        &mut self,
        sequence: Sequence,
        action: &Action,
        outcome: Outcome,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        let made = |status| ActionResult::new(sequence, action, status, now);
        let mut result = match outcome {
            Done(payload) => made(ResultStatus::Done).with_payload(payload),
            Failed(code, why) => made(ResultStatus::Failed)
                .with_code(code)
                .with_payload(Payload::Text(why)),
            Refused(code, why) => made(ResultStatus::Refused)
                .with_code(code)
                .with_payload(Payload::Text(why)),
            Unsupported | Outcome::Job(_) => made(ResultStatus::Unsupported),
        };
        if let Some(Job {
            step: Step::Upload { backup, .. },
            ..
        }) = self.jobs.remove(&sequence)
            && result.status() == ResultStatus::Done
        {
            // Names the backup that the items went to.
            result = result.with_code(&backup.to_string());
        }
        if let Some(session) = self.session {
            result = result.with_session(session);
        }
        let line = format!("{sequence} {}() {}", action.name(), result.status());
        self.phone.note(now, &line);
        let decisions = self.receiver.finish(result.clone());
        if self.persona.has_data {
            effects.push(Effect::SendResult(result));
        }
        effects.extend(self.obey(decisions, "sms", now));
    }

    pub(super) fn end_job(
        &mut self,
        job: Sequence,
        outcome: Outcome,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        if let Some(action) = self.jobs.get(&job).map(|j| j.action.clone()) {
            self.count(&action);
            self.end(job, &action, outcome, now, effects);
        }
    }
}
