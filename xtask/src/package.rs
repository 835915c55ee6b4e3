//! Building the functions and packing each as Lambda takes it.

use std::fs;
use std::io::{Cursor, Write as _};
use std::path::PathBuf;

use sha2::{Digest as _, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::console::{Step, say};
use crate::elf::{self, Needs};
use crate::failure::{Doing as _, Result};
use crate::{process, workspace};

/// How the functions are built and packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Cargo's dev profile: for the local stack, quickly.
    Dev,
    /// Cargo's release profile: small and quick to start.
    Release,
}

/// The zips of all functions in one folder.
#[derive(Debug)]
pub struct Package {
    /// Where they are, each as `FUNCTION.zip`.
    pub folder: PathBuf,
    /// A name for this very code: the same for the same binaries, another one for others.
    pub id: String,
    /// The functions, in order.
    pub functions: Vec<Function>,
}

/// One function's zip.
#[derive(Debug)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The binary that is in the zip.
    pub binary: PathBuf,
    /// The binary's size in bytes.
    pub binary_size: usize,
    /// The zip's size in bytes.
    pub zip_size: usize,
    /// What the binary needs of its system.
    pub needs: Needs,
}

/// Builds the functions with Cargo, which shows its own progress.
///
/// What is built alone has the features that it needs itself; what is built with the tests has those that
/// they need as well, and a crate is compiled once for each set of features. So where the tests are built
/// already, the functions are built with them: the AWS SDK, most of the work, is there then.
pub fn compile(profile: Profile) -> Result<()> {
    say("-- building the functions ...");
    let mut cargo = workspace::cargo();
    cargo.args(["build", "--locked", "--bins"]);
    if profile == Profile::Release {
        cargo.arg("--release");
    }
    if profile == Profile::Dev && workspace::tests_were_built() {
        cargo.arg("--tests").args(workspace::WITHOUT_SYSTEM_TESTS);
    } else {
        for name in workspace::functions()? {
            cargo.args(["--package", &name]);
        }
    }
    process::run(&mut cargo)
}

/// Packs the binaries that were built last.
pub fn pack(profile: Profile) -> Result<Package> {
    let (built, folder) = match profile {
        Profile::Dev => ("debug", workspace::stack().join("lambda")),
        Profile::Release => ("release", workspace::target().join("lambda")),
    };
    let step = Step::begin(format!("packing the functions into {}", workspace::short(&folder)));
    if folder.exists() {
        fs::remove_dir_all(&folder).doing(format_args!("emptying {}", folder.display()))?;
    }
    fs::create_dir_all(&folder).doing(format_args!("making {}", folder.display()))?;
    let mut hash = Sha256::new();
    let mut functions = Vec::new();
    for name in workspace::functions()? {
        let binary = workspace::target().join(built).join(&name);
        let bytes = fs::read(&binary).doing(format_args!("reading {}", binary.display()))?;
        let needs = elf::needs(&bytes).doing(binary.display())?;
        let zip = zip(&bytes, profile).doing(format_args!("packing {name}"))?;
        hash.update(name.as_bytes());
        hash.update(&zip);
        let path = folder.join(format!("{name}.zip"));
        fs::write(&path, &zip).doing(format_args!("writing {}", path.display()))?;
        functions.push(Function {
            name,
            binary,
            binary_size: bytes.len(),
            zip_size: zip.len(),
            needs,
        });
    }
    let id =
        hash.finalize().iter().take(8).fold(String::new(), |id, byte| format!("{id}{byte:02x}"));
    step.end();
    Ok(Package { folder, id, functions })
}

/// A zip with the binary as `bootstrap`, executable. The same bytes make the same zip.
fn zip(binary: &[u8], profile: Profile) -> zip::result::ZipResult<Vec<u8>> {
    let level = match profile {
        Profile::Dev => 1,
        Profile::Release => 9,
    };
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(level))
        .unix_permissions(0o755);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("bootstrap", options)?;
    zip.write_all(binary)?;
    Ok(zip.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::io::Read as _;

    use zip::ZipArchive;

    use super::*;

    #[test]
    fn the_zip_holds_an_executable_bootstrap_and_is_the_same_each_time() {
        let packed = zip(b"binary", Profile::Release).unwrap();
        assert_eq!(packed, zip(b"binary", Profile::Release).unwrap());
        let mut archive = ZipArchive::new(Cursor::new(packed)).unwrap();
        assert_eq!(archive.len(), 1);
        let mut file = archive.by_index(0).unwrap();
        assert_eq!(file.name().unwrap(), "bootstrap");
        assert_eq!(file.unix_mode().unwrap() & 0o777, 0o755);
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, b"binary");
    }
}
