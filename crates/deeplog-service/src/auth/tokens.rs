//! The tokens of the service, in a file of the state folder. It holds hashes: who reads it cannot use them.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime};

use deeplog::{Error, Result, create_folder};
use rand::TryRng;
use rand::rngs::SysRng;
use sequence_windowing::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Scope;
use crate::times::{as_optional_rfc3339, as_rfc3339, now};

const FILE: &str = "tokens.toml";

/// How tokens begin, so that people and scanners know one when they see it.
const PREFIX: &str = "dl_";

/// How often the file is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// A token, as far as anybody can see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// Its name, for people.
    pub name: String,
    /// What it allows.
    pub scopes: Vec<Scope>,
    /// SHA-256 of it, in hexadecimal digits.
    sha256: String,
    /// When it was made.
    #[serde(with = "as_rfc3339")]
    pub created: Timestamp,
    /// From when on it is worth nothing; always valid without.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "as_optional_rfc3339")]
    pub expires: Option<Timestamp>,
}

/// All tokens. Changes to the file by others count within a second.
pub struct Tokens {
    path: PathBuf,
    known: RwLock<BTreeMap<String, Token>>,
    /// Once there was a token, none is no longer an open door, until the service is started again.
    are_required: AtomicBool,
    look: Mutex<Look>,
}

/// The file as it was looked at last.
struct Look {
    at: Instant,
    version: Option<(SystemTime, u64)>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    #[serde(default)]
    tokens: Vec<Token>,
}

impl Tokens {
    /// The tokens in a state folder; none where there is no file yet.
    ///
    /// # Errors
    /// The file cannot be read, or holds something else.
    pub fn open(state: &Path) -> Result<Self> {
        let path = state.join(FILE);
        let version = version(&path);
        let known = read(&path)?;
        Ok(Self {
            are_required: AtomicBool::new(!known.is_empty()),
            known: RwLock::new(known),
            look: Mutex::new(Look {
                at: Instant::now(),
                version,
            }),
            path,
        })
    }

    /// Makes a token and returns it. It is kept as a hash, so this is the only time that it is seen.
    ///
    /// # Errors
    /// The name is taken or empty, there is no scope, or the file cannot be written.
    pub fn create(&self, name: &str, scopes: &[Scope], expires: Option<Timestamp>) -> Result<String> {
        let mut tokens = read(&self.path)?;
        if tokens.values().any(|token| token.name == name) {
            return Err(Error::run(
                format!("there is a token by the name {name:?} already"),
                "choose another name, or revoke that one first with `deeplog token revoke`",
            ));
        }
        if name.is_empty() || name.chars().any(char::is_control) {
            return Err(Error::run(
                format!("{name:?} cannot name a token"),
                "give plain text, such as who uses it",
            ));
        }
        let scopes: Vec<Scope> = scopes.iter().copied().filter(|scope| *scope != Scope::Public).collect();
        if scopes.is_empty() {
            return Err(Error::run(
                "a token without scope allows nothing",
                "give read, ingest or admin",
            ));
        }
        let mut bytes = [0; 32];
        SysRng
            .try_fill_bytes(&mut bytes)
            .map_err(|error| Error::run(format!("the system gives no random numbers: {error}"), ""))?;
        let secret = format!("{PREFIX}{}", hexadecimal(&bytes));
        let token = Token {
            name: name.to_owned(),
            scopes,
            sha256: hash(&secret),
            created: now(),
            expires,
        };
        tokens.insert(token.sha256.clone(), token);
        self.replace(tokens)?;
        Ok(secret)
    }

    /// Takes a token away. Whether there was one by this name.
    ///
    /// # Errors
    /// The file cannot be read or written.
    pub fn revoke(&self, name: &str) -> Result<bool> {
        let mut tokens = read(&self.path)?;
        let before = tokens.len();
        tokens.retain(|_, token| token.name != name);
        let is_gone = tokens.len() < before;
        if is_gone {
            self.replace(tokens)?;
        }
        Ok(is_gone)
    }

    /// All tokens, by name.
    #[must_use]
    pub fn list(&self) -> Vec<Token> {
        let mut tokens: Vec<Token> = self.known().values().cloned().collect();
        tokens.sort_by(|a, b| a.name.cmp(&b.name));
        tokens
    }

    /// What a token allows; `None` if it is none of ours, or worth nothing any more.
    #[must_use]
    pub fn check(&self, token: &str) -> Option<Vec<Scope>> {
        self.look();
        // Found by its hash: how long that takes tells nothing about any token.
        let known = self.known();
        let token = known.get(&hash(token))?;
        let is_valid = token.expires.is_none_or(|expires| now() < expires);
        is_valid.then(|| token.scopes.clone())
    }

    /// Whether requests need a token: there is one, or was since the service began.
    #[must_use]
    pub fn are_required(&self) -> bool {
        self.look();
        self.are_required.load(Ordering::Relaxed)
    }

    /// Reads the file again.
    ///
    /// # Errors
    /// It cannot be read, or holds something else; the tokens are what they were then.
    pub fn reload(&self) -> Result<()> {
        let tokens = read(&self.path)?;
        self.keep(tokens);
        Ok(())
    }

    /// Reads the file again if it is another one.
    fn look(&self) {
        let mut look = self.look.lock().unwrap_or_else(PoisonError::into_inner);
        if look.at.elapsed() < LOOK {
            return;
        }
        look.at = Instant::now();
        let version = version(&self.path);
        if version != look.version {
            look.version = version;
            if let Err(error) = self.reload() {
                tracing::error!(%error, "the tokens cannot be read again and stay what they were");
            }
        }
    }

    fn keep(&self, tokens: BTreeMap<String, Token>) {
        self.are_required.fetch_or(!tokens.is_empty(), Ordering::Relaxed);
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = tokens;
    }

    fn known(&self) -> std::sync::RwLockReadGuard<'_, BTreeMap<String, Token>> {
        // It is only ever replaced as a whole.
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn replace(&self, tokens: BTreeMap<String, Token>) -> Result<()> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        create_folder(folder)?;
        let wire = Wire {
            tokens: tokens.values().cloned().collect(),
        };
        let text = toml::to_string(&wire).map_err(|error| Error::run(format!("cannot write tokens: {error}"), ""))?;
        write_private(folder, &self.path, &text).map_err(Error::io("write", &self.path))?;
        self.keep(tokens);
        Ok(())
    }
}

/// Writes a file whole or not at all, for the owner of its folder alone.
fn write_private(folder: &Path, path: &Path, text: &str) -> io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(b"# Tokens of the service, as hashes. Made and taken away with `deeplog token`.\n\n")?;
    file.write_all(text.as_bytes())?;
    belong_to_owner_of(folder, file.as_file())?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// An administrator makes tokens for a service that runs as somebody else.
#[cfg(unix)]
fn belong_to_owner_of(folder: &Path, file: &File) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let (theirs, ours) = (fs::metadata(folder)?, file.metadata()?);
    match theirs.uid() == ours.uid() {
        true => Ok(()),
        false => fchown(file, Some(theirs.uid()), Some(theirs.gid())),
    }
}

#[cfg(not(unix))]
fn belong_to_owner_of(_: &Path, _: &File) -> io::Result<()> {
    Ok(())
}

fn version(path: &Path) -> Option<(SystemTime, u64)> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

fn read(path: &Path) -> Result<BTreeMap<String, Token>> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        text => text.map_err(Error::io("read", path))?,
    };
    let Wire { tokens } = toml::from_str(&text).map_err(|error| {
        Error::run(
            format!("{} holds no tokens: {}", path.display(), error.message()),
            "move it away to begin without any, and make new ones with `deeplog token create`",
        )
    })?;
    Ok(tokens.into_iter().map(|token| (token.sha256.clone(), token)).collect())
}

fn hash(token: &str) -> String {
    hexadecimal(&Sha256::digest(token))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
