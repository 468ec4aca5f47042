//! Wakes people of the cell for a report that is still going on and that nobody has taken up: the shift, then the leads.
//!
//! What a page says of a case is that it waits, and its pseudonym: nothing that it says, and nothing of who reported.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use model::{Clock, Timestamp};
use register::{JoiningSettings, NewPage, Register, RegisterError, Stage};
use serde_json::json;

use crate::fold::SharedFold;
use crate::waiting::{Wait, Waiting};

/// How often it is looked whether somebody is to be woken.
const LOOK: Duration = Duration::from_millis(500);
/// Longest rest after the register could not be used.
const REST: Duration = Duration::from_secs(2);
const MINUTE_MILLIS: i64 = 60_000;
/// Pages of one stage within a minute: a wave of reports wakes the shift, and does not bury it. Further ones come a minute later.
const PAGES_A_MINUTE_MAX: usize = 20;
/// What has waited for this long wakes nobody any more: as when a server is started that never woke anybody.
const FORGOTTEN_MILLIS: i64 = 7 * 24 * 3_600_000;
/// How often it is looked who would be woken.
const SHIFT_LOOK_MILLIS: i64 = MINUTE_MILLIS;
/// How often old pages are forgotten, and operators are told again that nobody is woken.
const TIDY_MILLIS: i64 = 60 * MINUTE_MILLIS;

/// By which ways people are woken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ways {
    /// By mail.
    pub mail: bool,
    /// By a webhook.
    pub hook: bool,
}

/// See the module.
pub struct Pager {
    register: Arc<Register>,
    waiting: Waiting,
    ways: Ways,
    exercise: bool,
    /// When pages of each stage were made within the last minute.
    made: [VecDeque<Timestamp>; 2],
    looked: Option<Timestamp>,
    tidied: Option<Timestamp>,
    anybody: bool,
}

impl Pager {
    /// Somebody who has woken nobody yet; the register remembers whom another process has woken.
    #[must_use]
    pub fn new(register: Arc<Register>, waiting: Waiting, ways: Ways, exercise: bool) -> Self {
        let made = Default::default();
        Self { register, waiting, ways, exercise, made, looked: None, tidied: None, anybody: true }
    }

    /// Works until it is told to stop, once the fold has taken in what was there before. Nothing that goes wrong here ends the
    /// server.
    pub(crate) fn run(mut self, fold: &SharedFold, until: u64, clock: &dyn Clock, stop: &AtomicBool) {
        while !stop.load(Ordering::Acquire) {
            let mut rest = LOOK;
            // A claim that is not folded yet must not be overlooked.
            if fold.progress().0 >= until {
                match catch_unwind(AssertUnwindSafe(|| self.step(clock.now()))) {
                    Ok(Ok(anybody)) => fold.note_woken(anybody),
                    Ok(Err(error)) => {
                        tracing::error!(%error, "nobody can be woken just now; what waits is tried again");
                        rest = REST;
                    }
                    Err(_) => rest = REST,
                }
            }
            std::thread::sleep(rest);
        }
    }

    /// Wakes whoever is due; gives whether anybody would be woken at all.
    ///
    /// # Errors
    /// [`RegisterError`] if the register cannot be read or written: what was due stays so.
    pub fn step(&mut self, now: Timestamp) -> Result<bool, RegisterError> {
        for page in self.register.pages_on_their_way()? {
            if !self.waiting.is_waiting(&page) {
                self.register.end_page(&page)?;
            }
        }
        if self.looked.is_none_or(|at| now.millis_since(at) >= SHIFT_LOOK_MILLIS) {
            self.looked = Some(now);
            let anybody = self.to(Stage::Shift)?;
            self.anybody = self.ways.hook || anybody.is_some_and(|to| !to.is_empty());
        }
        if self.tidied.is_none_or(|at| now.millis_since(at) >= TIDY_MILLIS) {
            self.tidied = Some(now);
            self.register.purge_pages(now)?;
            if !self.anybody {
                tracing::warn!(
                    waiting = self.waiting.len(),
                    "nobody is woken for a report that is still going on: name a mail server or a webhook, and whom to wake by \
                     `fusioncell admin setting set page-shift`"
                );
            }
        }
        let settings = self.register.joining_settings()?;
        for stage in [Stage::Shift, Stage::Leads] {
            self.wake(stage, &settings, now)?;
        }
        Ok(self.anybody)
    }

    /// Whom mails of a stage go to; `None` where none are sent.
    fn to(&self, stage: Stage) -> Result<Option<Vec<String>>, RegisterError> {
        if self.ways.mail { self.register.woken(stage).map(|woken| Some(woken.to)) } else { Ok(None) }
    }

    fn wake(&mut self, stage: Stage, settings: &JoiningSettings, now: Timestamp) -> Result<(), RegisterError> {
        let minutes = match stage {
            Stage::Shift => settings.page_minutes,
            Stage::Leads => settings.page_minutes.saturating_add(settings.page_lead_minutes),
        };
        let before = now.plus_millis(-minutes.saturating_mul(MINUTE_MILLIS));
        let due = self.waiting.due(stage, before, PAGES_A_MINUTE_MAX);
        if due.is_empty() {
            return Ok(());
        }
        let to = self.to(stage)?.unwrap_or_default();
        if to.is_empty() && !self.ways.hook {
            // They are woken for once there is somebody.
            return Ok(());
        }
        for wait in due {
            let page = self.text(stage, &wait, settings, minutes, now);
            let [shift, leads] = &mut self.made;
            let made = if stage == Stage::Shift { shift } else { leads };
            while made.front().is_some_and(|at| now.millis_since(*at) >= MINUTE_MILLIS) {
                made.pop_front();
            }
            if made.len() >= PAGES_A_MINUTE_MAX {
                break;
            }
            let forgotten = now.millis_since(wait.since) > FORGOTTEN_MILLIS;
            if !forgotten && self.register.page(now, &page, &to)? {
                made.push_back(now);
                tracing::info!(stage = stage.as_str(), "somebody is woken for a report that is still going on");
            }
            self.waiting.woken(stage, &wait);
        }
        Ok(())
    }

    fn text(&self, stage: Stage, wait: &Wait, settings: &JoiningSettings, minutes: i64, now: Timestamp) -> NewPage {
        let link = format!("{}/triage/{}", settings.cell_url, wait.case);
        let exercise = if self.exercise { "EXERCISE: " } else { "" };
        let text = format!(
            "{exercise}A report that is still going on has waited {minutes} minutes, and nobody has taken it.\n\n{link}\n"
        );
        let hook = self.ways.hook.then(|| {
            json!({
                "type": "report.waiting",
                "timestamp": released::rfc3339(now),
                "data": {
                    "stage": stage.as_str(),
                    "minutes": minutes,
                    "case": wait.case.to_string(),
                    "link": link,
                    "exercise": self.exercise,
                },
            })
            .to_string()
        });
        let subject = format!("{exercise}A report that is still going on waits");
        NewPage { about: wait.name(), stage, subject, text, hook }
    }
}
