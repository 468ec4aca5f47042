//! `fusioncell keys`: wraps the files of the keys folder with a key that lies elsewhere.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use vault::{MasterSource, default_keys_dir};

use super::Folders;
use crate::failure::{Context as _, Failure};
use crate::outside::SystemEntropy;

/// Wraps the keys of a partnership, so that its folders alone open nothing.
#[derive(Args)]
#[command(after_help = help!("  fusioncell keys wrap --data-dir D --credential fusioncell-master
  fusioncell keys unwrap --data-dir D"))]
pub struct KeysArgs {
    #[command(subcommand)]
    command: KeysCommand,
}

#[derive(Subcommand)]
enum KeysCommand {
    /// Wrap every key with one from elsewhere; the server must not be running
    #[command(after_help = help!("  fusioncell keys wrap --data-dir D --credential fusioncell-master
  fusioncell keys wrap --data-dir D --command '/usr/bin/systemd-ask-password fusioncell'
  fusioncell keys wrap --data-dir D --file /mnt/token/master.key

The key is 64 hexadecimal digits, as `openssl rand -hex 32` prints them. Without it nothing can be read: keep a copy of it."))]
    Wrap(WrapArgs),
    /// Lay every key down in plain again; the server must not be running
    #[command(after_help = help!("  fusioncell keys unwrap --data-dir D"))]
    Unwrap(UnwrapArgs),
}

#[derive(Args)]
struct WrapArgs {
    #[command(flatten)]
    folders: Folders,
    #[command(flatten)]
    from: From,
}

/// Where the key comes from.
#[derive(Args)]
#[group(required = true, multiple = false)]
struct From {
    /// A file that only its owner reads, by its absolute path
    #[arg(long, value_name = "F")]
    file: Option<PathBuf>,
    /// A credential that systemd hands to the service, by its name (`LoadCredentialEncrypted=`)
    #[arg(long, value_name = "NAME")]
    credential: Option<String>,
    /// A program that prints it, by its absolute path, with arguments between single spaces; no shell is between
    #[arg(long, value_name = "C")]
    command: Option<String>,
}

#[derive(Args)]
struct UnwrapArgs {
    #[command(flatten)]
    folders: Folders,
}

/// Runs `keys`.
pub fn run(args: KeysArgs) -> Result<(), Failure> {
    let (folders, source) = match args.command {
        KeysCommand::Wrap(WrapArgs { folders, from }) => {
            let command = |text: String| MasterSource::Command(text.split(' ').map(str::to_owned).collect());
            let source = from.file.map(MasterSource::File);
            let source = source.or_else(|| from.credential.map(MasterSource::Credential));
            (folders, source.or_else(|| from.command.map(command)))
        }
        KeysCommand::Unwrap(UnwrapArgs { folders }) => (folders, None),
    };
    let Folders { data_dir, keys_dir } = folders;
    let keys_dir = keys_dir.unwrap_or_else(|| default_keys_dir(&data_dir));
    let count = vault::wrap_keys(&data_dir, &keys_dir, source.as_ref(), &SystemEntropy).context("not changed")?;
    match source {
        Some(_) => println!(
            "{count} keys in {} are wrapped: without the key that wraps them nothing can be read",
            keys_dir.display()
        ),
        None => println!("{count} keys in {} lie in plain", keys_dir.display()),
    }
    Ok(())
}
