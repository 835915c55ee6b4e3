//! The local stack that is running, as `cargo xtask up` describes it in `target/stack/stack.json`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::api::Api;
use crate::issuer::{Issuer, IssuerError};

/// Where a running stack is and what it holds. Fields of a newer `cargo xtask` that are unknown here are
/// passed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stack {
    /// The AWS endpoint, such as `http://127.0.0.1:4566`.
    pub endpoint: String,
    /// The API's base URL, stage included, without a slash at its end.
    pub api_url: String,
    /// The main table's name.
    pub table_name: String,
    /// The audit table's name.
    pub audit_table_name: String,
    /// The KMS key of which the key of the hashes of addresses is made.
    pub address_key_id: String,
    /// The development issuer's key file.
    pub issuer_key_path: PathBuf,
}

impl Stack {
    /// The file that describes the running stack: `target/stack/stack.json` in the workspace.
    pub fn path() -> PathBuf {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
        tests.parent().unwrap_or(tests).join("target").join("stack").join("stack.json")
    }

    /// Reads the description of the running stack.
    pub fn load() -> Result<Self, StackError> {
        Self::load_from(&Self::path())
    }

    /// Reads a description from another file.
    pub fn load_from(path: &Path) -> Result<Self, StackError> {
        let text = fs::read_to_string(path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => StackError::Absent { path: path.to_owned() },
            _ => StackError::Read { path: path.to_owned(), source },
        })?;
        serde_json::from_str(&text)
            .map_err(|source| StackError::Malformed { path: path.to_owned(), source })
    }

    /// The API, called without a token.
    pub fn api(&self) -> Api {
        Api::new(&self.api_url)
    }

    /// The issuer whose tokens this stack accepts.
    pub fn issuer(&self) -> Result<Issuer, IssuerError> {
        Issuer::load(&self.issuer_key_path)
    }
}

/// Why the running stack is not known.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// No stack was started.
    #[error("no stack is running ({} is absent): run `cargo xtask up` first", path.display())]
    Absent {
        /// Where its description was looked for.
        path: PathBuf,
    },
    /// The description cannot be read.
    #[error("the description of the stack at {} cannot be read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The description is of another version, or broken.
    #[error("{} is not the description of a stack ({source}): run `cargo xtask down`, then `cargo xtask up`", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong in it.
        source: serde_json::Error,
    },
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        reason = "a test fails by panicking"
    )]

    use super::*;

    #[test]
    fn an_absent_or_broken_description_says_what_to_run() {
        let folder = std::env::temp_dir().join(format!("stack-{}", std::process::id()));
        let path = folder.join("stack.json");
        let absent = Stack::load_from(&path).unwrap_err().to_string();
        assert!(absent.contains("run `cargo xtask up` first"), "{absent}");

        fs::create_dir_all(&folder).unwrap();
        fs::write(&path, "{\"endpoint\":").unwrap();
        let broken = Stack::load_from(&path).unwrap_err().to_string();
        assert!(broken.contains("cargo xtask down"), "{broken}");

        let stack = Stack {
            endpoint: "http://127.0.0.1:4566".into(),
            api_url: "http://127.0.0.1:4566/restapis/abc/local/_user_request_".into(),
            table_name: "main".into(),
            audit_table_name: "audit".into(),
            address_key_id: "address".into(),
            issuer_key_path: folder.join("issuer-key.pem"),
        };
        let mut written = serde_json::to_value(&stack).unwrap();
        written["added_later"] = serde_json::json!(1);
        fs::write(&path, written.to_string()).unwrap();
        assert_eq!(Stack::load_from(&path).unwrap(), stack);
        assert_eq!(stack.api().base(), stack.api_url);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn the_description_is_in_the_workspaces_target_folder() {
        assert!(Stack::path().ends_with("target/stack/stack.json"));
        assert!(
            Stack::path()
                .parent()
                .unwrap()
                .parent()
                .unwrap()
                .parent()
                .unwrap()
                .join("Cargo.toml")
                .exists()
        );
    }
}
