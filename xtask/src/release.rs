//! The zips that Lambda takes.

use crate::arguments::Arguments;
use crate::console::say;
use crate::elf;
use crate::failure::Result;
use crate::package::{self, Profile};

/// `cargo xtask build`: builds the functions for release, packs each into `target/lambda/FUNCTION.zip`, and
/// refuses one that would not start on Lambda.
pub fn command(_arguments: &Arguments) -> Result<()> {
    package::compile(Profile::Release)?;
    let package = package::pack(Profile::Release)?;
    say(format_args!("{:<22}{:>12}{:>12}  needs", "function", "binary", "zip"));
    for function in &package.functions {
        let glibc = function.needs.glibc;
        say(format_args!(
            "{:<22}{:>12}{:>12}  {}",
            function.name,
            size(function.binary_size),
            size(function.zip_size),
            glibc.map_or_else(|| "nothing".to_owned(), |version| format!("glibc {version}"))
        ));
    }
    for function in &package.functions {
        elf::check(&function.binary, &function.needs)?;
    }
    Ok(())
}

/// A size in megabytes of a million bytes, rounded up to a tenth.
pub fn size(bytes: usize) -> String {
    let tenths = bytes.div_ceil(100_000);
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_rounded_up_to_a_tenth() {
        assert_eq!(size(0), "0.0 MB");
        assert_eq!(size(1), "0.1 MB");
        assert_eq!(size(3_950_001), "4.0 MB");
        assert_eq!(size(12_345_678), "12.4 MB");
    }
}
