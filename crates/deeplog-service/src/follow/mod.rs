//! Files and pipes that are read while they grow.
//!
//! A [`Follower`] looks at its files again and again; it is not told of changes, so that it works on every file system. Each
//! block of lines goes with the position behind it. A follower that is built from the last positions goes on where the other
//! one stood, whatever has become of the files meanwhile: a file is known by its first bytes besides its number, so
//! that it is found again under another name, as a copy or packed, and told from another file that took its name.

mod cutter;
mod files;
mod follower;
mod head;
mod packed;
mod runner;
mod stream;
mod tail;
#[cfg(test)]
mod tests;

pub use follower::{Follower, Start, remember};
pub use runner::follow;
pub use stream::read_lines;
