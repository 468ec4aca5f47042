//! Tells people by mail that there is something new, at an epoch and in one form, if they asked for it.
//!
//! Whatever is new, a note of a thread or an advisory, the mail is the same; what came of a report is told by none. The way back
//! queues it: whoever wrote to a reporter does not learn that a mail left, or to whom.

use std::sync::Arc;

use ::own::{Change, News, Reader};
use model::{OrganisationId, Timestamp};
use policy::planted::{self, Leak};
use register::{Delivery, Register, RegisterError};

use crate::returns::ReturnError;

/// See the module.
pub(crate) struct Notices {
    register: Arc<Register>,
    epoch_millis: i64,
    /// The epoch that was looked at last.
    last: Option<i64>,
}

/// What an epoch came to: what the store of own reports is to note once the mails are queued.
#[derive(Default)]
pub(crate) struct Notified(pub(crate) Vec<Change>);

impl Notices {
    pub(crate) const fn new(register: Arc<Register>, epoch_millis: i64) -> Self {
        Self { register, epoch_millis, last: None }
    }

    /// Organisations of whom somebody asked to be told; none where no mail is sent.
    fn asked(&self) -> Result<Vec<register::Noticed>, RegisterError> {
        if self.register.delivery() == Delivery::Mail { self.register.noticed() } else { Ok(Vec::new()) }
    }

    /// Something is new for everybody.
    pub(crate) fn news_of_all(&self) -> Vec<Change> {
        let mut organisations: Vec<OrganisationId> = match self.asked() {
            Ok(asked) => asked.into_iter().map(|one| one.organisation).collect(),
            Err(error) => {
                tracing::error!(%error, "nobody is told by mail of an advisory");
                Vec::new()
            }
        };
        organisations.dedup();
        organisations.into_iter().map(|organisation| Change::News { organisation }).collect()
    }

    /// Queues what is due, on the first step of each epoch. What cannot be queued stays due for the next one: it must hold up
    /// nothing that is shown.
    pub(crate) fn step(&mut self, reader: &Reader, now: Timestamp) -> Result<Notified, ReturnError> {
        let epoch = now.as_millis().div_euclid(self.epoch_millis);
        // What came before the first step waits for the next epoch, as everything does.
        if self.last.replace(epoch).is_none_or(|last| epoch <= last) {
            return Ok(Notified::default());
        }
        let asked = match self.asked() {
            Ok(asked) => asked,
            Err(error) => {
                tracing::error!(%error, "nobody is told by mail that there is something new; it is tried again");
                return Ok(Notified::default());
            }
        };
        let (mut told, mut to): (Vec<OrganisationId>, Vec<(&str, bool)>) = (Vec::new(), Vec::new());
        // In the order of organisations: each is asked for once.
        let mut news = (None, News::default());
        for one in &asked {
            if news.0 != Some(one.organisation) {
                news = (Some(one.organisation), reader.news(one.organisation)?);
            }
            let leaks = planted::is_on(Leak::NoticeToNeighbour) && !told.is_empty();
            let has = news.1.of_all || news.1.own && one.reports || leaks;
            if has {
                told.push(one.organisation);
            }
            to.push((&one.to, has));
        }
        told.dedup();
        if told.is_empty() {
            return Ok(Notified::default());
        }
        let due = Timestamp::from_millis(epoch * self.epoch_millis);
        match self.register.queue_notices(due, &to) {
            Ok(true) => {}
            // Those of an epoch before have not left yet: what is new stays due.
            Ok(false) => return Ok(Notified::default()),
            Err(error) => {
                tracing::error!(%error, "nobody is told by mail that there is something new; it is tried again");
                return Ok(Notified::default());
            }
        }
        Ok(Notified(told.into_iter().map(|organisation| Change::Told { organisation }).collect()))
    }
}
