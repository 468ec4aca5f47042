//! What members may be told of a value that nothing released names: whether a list says that it is an everyday one.

use std::sync::{Arc, PoisonError, RwLock};

use fusion::NoiseLists;
use model::Observable;

use crate::ReleaseError;
use crate::sets::{self, Sets};

/// The lists of everyday values in use, for whoever answers members. Clones are one: what the gate puts in use at its entry is
/// in use for all of them.
///
/// Lists alone are in it, which are public. What fusion learned of values, as that many members name one, depends on reports
/// that members may not see, and has no way in.
#[derive(Clone)]
pub struct Everyday(Arc<RwLock<Arc<NoiseLists>>>);

impl Everyday {
    pub(crate) fn of(lists: Arc<NoiseLists>) -> Self {
        Self(Arc::new(RwLock::new(lists)))
    }

    /// The project's own lists and those of the sets given, for a process that has no journal to read which are in use.
    ///
    /// # Errors
    /// [`ReleaseError::DataSet`] if the lists given are none.
    pub fn given(exercise: bool, sets: &Sets) -> Result<Self, ReleaseError> {
        let lists = match &sets.noise {
            Some(text) => sets::noise(exercise, text)?,
            None => NoiseLists::own(exercise),
        };
        Ok(Self::of(Arc::new(lists)))
    }

    /// Why a value is everyday or popular by the lists in use, in words; `None` if it is on none. Works in constant time.
    #[must_use]
    pub fn why(&self, observable: &Observable) -> Option<String> {
        // Lists are asked without the lock: the gate never waits for a look-up.
        let lists = Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner));
        lists.verdict_of(observable).map(|verdict| verdict.why)
    }

    pub(crate) fn put(&self, lists: Arc<NoiseLists>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = lists;
    }
}
