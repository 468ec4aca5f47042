//! The demo's data folder: one that is kept, or a temporary one that is removed at the end.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use crate::failure::{Context as _, Failure};
use crate::outside::SystemEntropy;

/// A folder and what lies beside it.
#[derive(Debug)]
pub struct Folder {
    data: PathBuf,
    remove: Option<PathBuf>,
}

impl Folder {
    /// A folder that is kept.
    pub const fn kept(data: PathBuf) -> Self {
        Self { data, remove: None }
    }

    /// A temporary one that only this user may read.
    pub fn temporary() -> Result<Self, Failure> {
        let random: [u8; 8] = (&SystemEntropy as &dyn model::Entropy).bytes();
        let folder = std::env::temp_dir().join(format!("fusioncell-demo-{:016x}", u64::from_be_bytes(random)));
        DirBuilder::new().mode(0o700).create(&folder).context(folder.display())?;
        Ok(Self { data: folder.join("data"), remove: Some(folder) })
    }

    /// Where the data lies.
    pub fn data(&self) -> &Path {
        &self.data
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Some(folder) = &self.remove
            && let Err(error) = fs::remove_dir_all(folder)
        {
            eprintln!("fusioncell: {} could not be removed: {error}", folder.display());
        }
    }
}
