//! What a file may cost to look into.

use domain::file::Rejection;

/// The most pixels of one picture.
pub const PIXELS: u64 = 50_000_000;

/// The most pixels of all frames of one animation.
pub const ANIMATION_PIXELS: u64 = 250_000_000;

/// The most frames of one animation. Each costs something, however few pixels it has.
pub const FRAMES: usize = 5_000;

/// Refuses a picture of more pixels than are decoded, from its header alone; one without any is broken.
pub fn check_pixels(width: u32, height: u32) -> Result<u64, Rejection> {
    match u64::from(width) * u64::from(height) {
        0 => Err(Rejection::Damaged),
        pixels if pixels > PIXELS => Err(Rejection::TooManyPixels),
        pixels => Ok(pixels),
    }
}

/// Counts what is unpacked, and stops where it becomes too much.
pub struct Budget {
    left: u64,
}

impl Budget {
    pub fn new(most: u64) -> Self {
        Self { left: most }
    }

    pub fn spend(&mut self, amount: u64) -> Result<(), Rejection> {
        self.left = self.left.checked_sub(amount).ok_or(Rejection::ExpandsTooMuch)?;
        Ok(())
    }

    /// What may still be spent.
    pub fn left(&self) -> u64 {
        self.left
    }
}
