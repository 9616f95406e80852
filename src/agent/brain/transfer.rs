use std::time::Duration;

use data_encoding::HEXLOWER;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};

use crate::api::{BackupReceipt, BackupView, SessionRequest};
use crate::domain::{Action, ActionKind, Sequence, Timestamp};
use crate::port::DoorError;
use crate::sms::Payload;

use super::act::Outcome;
use super::act::Outcome::{Done, Failed};
use super::call::session_url;
use super::job::{Job, Step};
use super::{Brain, Effect};
use crate::agent::phone::Content;

/// How often a step of a job is tried before the action fails.
const MAX_TRIES: u32 = 6;

impl Brain {
    /// Begins the present step of a job (again).
    pub(super) fn go_on(&mut self, sequence: Sequence, now: Timestamp, effects: &mut Vec<Effect>) {
        let contiguous = self.receiver.highest();
        let Some(job) = self.jobs.get_mut(&sequence) else {
            return;
        };
        job.retry_at = None;
        let effect = match &job.step {
            Step::CallHome { url, request } => Effect::OpenSession {
                request: SessionRequest {
                    request_id: request.clone(),
                    contiguous,
                    ..SessionRequest::default()
                },
                at: url.iter().map(|url| session_url(url)).collect(),
                job: Some(sequence),
            },
            Step::Upload { backup, left, .. } => {
                let path = left.first().cloned().unwrap_or_default();
                let backup = *backup;
                let Some(item) = self.phone.content().item(&path) else {
                    let gone = Failed("no-such-file", format!("{path} is gone"));
                    return self.end_job(sequence, gone, now, effects);
                };
                Effect::Upload {
                    job: sequence,
                    backup,
                    path,
                    entries: item.entries,
                    content: item.content,
                }
            }
            Step::List { url } => Effect::Download {
                job: sequence,
                link: url.clone(),
            },
            Step::Restore { url, left, .. } => Effect::Download {
                job: sequence,
                link: item_link(url, left.first().map_or("", String::as_str)),
            },
            Step::Fetch { link } => Effect::Download {
                job: sequence,
                link: link.clone(),
            },
        };
        effects.push(effect);
    }

    /// A session that `cal()` asked for was opened or not.
    pub(super) fn called_home(
        &mut self,
        job: Sequence,
        outcome: Result<(), DoorError>,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        match outcome {
            Ok(()) => self.end_job(job, Done(Payload::Nothing), now, effects),
            Err(error) => self.in_vain(job, error, now, effects),
        }
    }

    /// An item was uploaded or not.
    pub fn uploaded(
        &mut self,
        job: Sequence,
        outcome: Result<BackupReceipt, DoorError>,
        now: Timestamp,
    ) -> Vec<Effect> {
        let mut effects = Vec::new();
        let content = self.phone.content();
        match outcome {
            Ok(receipt) => self.upload_step(job, &content, &receipt, now, &mut effects),
            Err(error) => self.in_vain(job, error, now, &mut effects),
        }
        effects
    }

    fn upload_step(
        &mut self,
        sequence: Sequence,
        content: &Content,
        receipt: &BackupReceipt,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        let Some(Job {
            action,
            step,
            tries,
            ..
        }) = self.jobs.get_mut(&sequence)
        else {
            return;
        };
        let Step::Upload {
            left,
            kind,
            entries,
            size_bytes,
            sha256,
            ..
        } = step
        else {
            return;
        };
        let Some(item) = left.first().and_then(|path| content.item(path)) else {
            return;
        };
        *sha256 = HEXLOWER.encode(&Sha256::digest(&item.content));
        if *sha256 != receipt.sha256 {
            let wrong = DoorError::Unreachable("the server stored something else".to_owned());
            return self.in_vain(sequence, wrong, now, effects);
        }
        *tries = 0;
        *entries += u64::from(item.entries);
        *size_bytes += item.content.len() as u64;
        left.remove(0);
        if !left.is_empty() {
            return self.go_on(sequence, now, effects);
        }
        let payload = if action.kind() == Some(ActionKind::GetFile) {
            Payload::File {
                name: action.param(0).unwrap_or_default().to_owned(),
                size_bytes: *size_bytes,
                sha256: sha256.clone(),
            }
        } else {
            Payload::Backup {
                kind: kind.clone(),
                items: *entries,
                size_bytes: *size_bytes,
            }
        };
        self.end_job(sequence, Done(payload), now, effects);
    }

    /// Something was downloaded or not.
    pub fn downloaded(
        &mut self,
        job: Sequence,
        outcome: Result<Vec<u8>, DoorError>,
        now: Timestamp,
    ) -> Vec<Effect> {
        let mut effects = Vec::new();
        match outcome {
            Ok(content) => self.download_step(job, &content, now, &mut effects),
            Err(error) => self.in_vain(job, error, now, &mut effects),
        }
        effects
    }

    fn download_step(
        &mut self,
        sequence: Sequence,
        content: &[u8],
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        let Some(job) = self.jobs.get_mut(&sequence) else {
            return;
        };
        job.tries = 0;
        let ended = match &mut job.step {
            Step::List { url } => match serde_json::from_slice::<BackupView>(content) {
                Ok(view) if view.completed_at.is_some() && !view.items.is_empty() => {
                    job.step = Step::Restore {
                        url: url.clone(),
                        left: view.items.into_iter().map(|item| item.path).collect(),
                        kind: view.kind,
                        entries: 0,
                        size_bytes: 0,
                    };
                    None
                }
                Ok(_) => Some(Failed(
                    "not-whole",
                    "the backup is empty or was not completed".into(),
                )),
                Err(e) => Some(Failed(
                    "unreadable",
                    format!("the server's list of the backup: {e}"),
                )),
            },
            Step::Restore {
                left,
                kind,
                entries,
                size_bytes,
                ..
            } => {
                let path = left.remove(0);
                match self.phone.content_mut().put(&path, content) {
                    Some(count) => {
                        *entries += u64::from(count);
                        *size_bytes += content.len() as u64;
                        left.is_empty().then(|| {
                            Done(Payload::Backup {
                                kind: kind.clone(),
                                items: *entries,
                                size_bytes: *size_bytes,
                            })
                        })
                    }
                    None => Some(Failed("unreadable", format!("{path} cannot be put back"))),
                }
            }
            Step::Fetch { .. } => {
                let action = job.action.clone();
                Some(self.install(&action, content))
            }
            Step::CallHome { .. } | Step::Upload { .. } => return,
        };
        match ended {
            Some(outcome) => self.end_job(sequence, outcome, now, effects),
            None => self.go_on(sequence, now, effects),
        }
    }

    /// `put()`, `app()`, `eml()`: what was downloaded takes its place.
    fn install(&mut self, action: &Action, content: &[u8]) -> Outcome {
        let sha256 = HEXLOWER.encode(&Sha256::digest(content));
        let expected = match action.kind() {
            Some(ActionKind::PutFile | ActionKind::InstallApp) => action.param(2),
            _ => None,
        };
        if expected.is_some_and(|e| !e.eq_ignore_ascii_case(&sha256)) {
            return Failed("wrong-digest", format!("SHA-256 of what came is {sha256}"));
        }
        let link = action.param(0).unwrap_or_default();
        let name = link.rsplit('/').next().unwrap_or(link).to_owned();
        match action.kind() {
            Some(ActionKind::PutFile) => {
                let path = format!("documents/{link}");
                if self.phone.content_mut().put(&path, content).is_none() {
                    return Failed("bad-parameter", "put() takes a file name".into());
                }
            }
            Some(ActionKind::InstallApp) => {
                self.phone
                    .set(&format!("app.{name}"), action.param(1).unwrap_or("1"));
            }
            _ => {
                let text: String = String::from_utf8_lossy(content)
                    .chars()
                    .take(4096)
                    .collect();
                self.phone.set("email", &text);
                return Done(Payload::Nothing);
            }
        }
        Done(Payload::File {
            name: if action.kind() == Some(ActionKind::PutFile) {
                link.to_owned()
            } else {
                name
            },
            size_bytes: content.len() as u64,
            sha256,
        })
    }

    /// A step did not work: later again, while there is hope.
    fn in_vain(
        &mut self,
        sequence: Sequence,
        error: DoorError,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        let Some(job) = self.jobs.get_mut(&sequence) else {
            return;
        };
        job.tries += 1;
        match error {
            DoorError::Unreachable(_) if job.tries < MAX_TRIES => {
                job.retry_at = Some(now.after(Duration::from_secs(1 << job.tries)));
            }
            DoorError::Unreachable(why) => {
                self.end_job(sequence, Failed("unreachable", why), now, effects);
            }
            DoorError::Refused(why) => {
                self.end_job(sequence, Failed("rejected", why), now, effects);
            }
            DoorError::Unusable(why) => {
                self.end_job(sequence, Failed("unusable", why), now, effects);
            }
        }
    }
}

/// Where an item of a backup is: below the backup's own address, each part of the path escaped.
fn item_link(backup: &str, path: &str) -> String {
    let mut link = backup.trim_end_matches('/').to_owned();
    for part in path.split('/') {
        link.push('/');
        link.extend(utf8_percent_encode(part, NON_ALPHANUMERIC));
    }
    link
}
