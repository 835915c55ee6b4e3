//! Addresses that are signed here and used by a browser.

use std::fmt;
use std::time::{Duration, SystemTime};

use aws_sdk_s3::presigning::PresigningConfig;
use aws_smithy_types::base64;
use domain::file::{FileType, Sha256};
use jiff::Timestamp;

use crate::{Files, FilesError, Stored};

/// Where to upload one file with PUT, and the headers that have to be sent.
pub struct SignedUpload {
    /// The address. Whoever has it may upload this one file.
    pub url: String,
    /// The headers that must be sent as they are, or S3 refuses the upload. `Host` and
    /// `Content-Length` are signed as well; every client sends them by itself.
    pub headers: Vec<(&'static str, String)>,
}

/// Shows nothing of it: the address is as good as a key.
impl fmt::Debug for SignedUpload {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SignedUpload")
    }
}

impl Files {
    /// Signs an upload of one file of exactly this type, length and content, to a key that nothing was
    /// uploaded to. It does no I/O.
    ///
    /// The address works from `now` for as long as it `lives`, a week at most, and no longer than the
    /// credentials that it was signed with: those of a function's role end by themselves, after some
    /// hours at the earliest, and nobody is told when. So a short life is certain, a long one is not.
    pub async fn sign_upload(
        &self,
        key: &str,
        file_type: FileType,
        length: u64,
        sha256: &Sha256,
        now: Timestamp,
        lives: Duration,
    ) -> Result<SignedUpload, FilesError> {
        let length = i64::try_from(length).map_err(|_| FilesError::TooLarge)?;
        let checksum = base64::encode(sha256.as_bytes());
        let signed = self
            .signer
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .content_type(file_type.media_type())
            .content_length(length)
            .checksum_sha256(&checksum)
            .if_none_match("*")
            .presigned(presigning(now, lives)?)
            .await
            .map_err(|error| FilesError::of(&error))?;
        Ok(SignedUpload {
            url: signed.uri().to_owned(),
            headers: vec![
                ("Content-Type", file_type.media_type().to_owned()),
                ("x-amz-checksum-sha256", checksum),
                ("If-None-Match", "*".to_owned()),
            ],
        })
    }

    /// Signs a download of one version of an object, which is served as it was
    /// [stored](Self::store). It does no I/O.
    ///
    /// For `now` and `lives`, see [`sign_upload`](Self::sign_upload).
    pub async fn sign_download(
        &self,
        stored: &Stored,
        now: Timestamp,
        lives: Duration,
    ) -> Result<String, FilesError> {
        let signed = self
            .signer
            .get_object()
            .bucket(&self.bucket)
            .key(&stored.key)
            .version_id(&stored.version)
            .presigned(presigning(now, lives)?)
            .await
            .map_err(|error| FilesError::of(&error))?;
        Ok(signed.uri().to_owned())
    }
}

fn presigning(now: Timestamp, lives: Duration) -> Result<PresigningConfig, FilesError> {
    PresigningConfig::builder()
        .start_time(SystemTime::try_from(now).map_err(|_| FilesError::Refused)?)
        .expires_in(lives)
        .build()
        .map_err(|_| FilesError::Refused)
}
