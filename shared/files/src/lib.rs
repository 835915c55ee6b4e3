//! Files in S3: signed addresses for browsers, and what the inspection reads, writes and removes.
//!
//! A browser never gets more than one object for a few minutes: an address for an upload is signed for
//! one key, type, length and SHA-256, and one for a download for one version of one object. Nothing
//! here logs, and no error repeats a key, a name or S3's own words.

mod error;
pub mod keys;
mod signed;

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{Builder, RequestChecksumCalculation, ResponseChecksumValidation};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, MetadataDirective, TaggingDirective};
use aws_types::SdkConfig;
use domain::file::{FileName, FileType};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

pub use error::FilesError;
pub use signed::SignedUpload;

/// The time limits of one call.
///
/// A file is read and stored within one invocation of 60 s. If each takes as long as it may, 16 s are
/// left to look into the file.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// For one attempt, up to the answer's headers. It is for the largest file that there may be
    /// (25 MiB), which takes about a second within a region: what takes eight has lost its connection.
    attempt: Duration,
    /// For the call with all its attempts and the waits between them.
    operation: Duration,
    /// For the body of what is read, which the SDK's own limits do not cover.
    body: Duration,
}

const LIMITS: Limits = Limits {
    attempt: Duration::from_secs(8),
    operation: Duration::from_secs(18),
    body: Duration::from_secs(8),
};

/// One bucket of files.
#[derive(Clone, Debug)]
pub struct Files {
    bucket: String,
    limits: Limits,
    client: Client,
    /// Signs addresses. Its checksums are off, so that no version of the SDK signs one of its own into
    /// an address, which a browser would not send.
    signer: Client,
}

/// An object as it was stored: later writes to its key do not change what this names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its key.
    pub key: String,
    /// Its version under this key.
    pub version: String,
}

impl Files {
    /// The files in `bucket`, which keeps versions.
    #[must_use]
    pub fn new(config: &SdkConfig, bucket: String) -> Self {
        Self::with_limits(config, bucket, LIMITS)
    }

    fn with_limits(config: &SdkConfig, bucket: String, limits: Limits) -> Self {
        let config = Builder::from(config)
            // On a stack with an address of its own, buckets have no host names.
            .force_path_style(config.endpoint_url().is_some())
            .timeout_config(
                TimeoutConfig::builder()
                    .operation_attempt_timeout(limits.attempt)
                    .operation_timeout(limits.operation)
                    .build(),
            );
        let signer = config
            .clone()
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
        Self {
            bucket,
            limits,
            client: Client::from_conf(config.build()),
            signer: Client::from_conf(signer.build()),
        }
    }

    /// The bytes of a version of an object.
    ///
    /// Never more than `at_most` bytes are read. An object whose bytes are not those of the checksum
    /// that it was uploaded with is [`Unavailable`](FilesError::Unavailable), like one that breaks off.
    pub async fn read(
        &self,
        key: &str,
        version: &str,
        at_most: u64,
    ) -> Result<Vec<u8>, FilesError> {
        let object = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(key)
            .version_id(version)
            .send()
            .await
            .map_err(|error| FilesError::of(&error))?;
        let length = length(object.content_length, at_most)?;
        tokio::time::timeout(self.limits.body, bytes(object.body, length))
            .await
            .map_err(|_| FilesError::Unavailable)?
    }

    /// The current version of an object, without its bytes.
    pub async fn version_of(&self, key: &str) -> Result<String, FilesError> {
        let object = self
            .client
            .head_object()
            .bucket(&self.bucket)
            .key(key)
            .send()
            .await
            .map_err(|error| FilesError::of(&error))?;
        object.version_id.ok_or(FilesError::Refused)
    }

    /// Writes an object, and says which version it became. A browser saves it under `name`, never opens
    /// it in the page, and keeps it in no cache: that is said with the object and not in the address of
    /// a download, which stands in access logs, and a file's name can say what it is about.
    ///
    /// When an answer is lost, the SDK writes once more: then the version told is the last one, and the
    /// one before has the same bytes.
    pub async fn store(
        &self,
        key: &str,
        name: &FileName,
        file_type: FileType,
        bytes: Vec<u8>,
    ) -> Result<Stored, FilesError> {
        let stored = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(key)
            .content_type(file_type.media_type())
            .content_disposition(name.content_disposition())
            .cache_control("no-store")
            .checksum_algorithm(ChecksumAlgorithm::Sha256)
            .body(ByteStream::from(bytes))
            .send()
            .await
            .map_err(|error| FilesError::of(&error))?;
        let version = stored.version_id.ok_or(FilesError::Refused)?;
        Ok(Stored { key: key.to_owned(), version })
    }

    /// Removes a version of an object for ever. That it is not there is success.
    pub async fn remove(&self, key: &str, version: &str) -> Result<(), FilesError> {
        let removed = self
            .client
            .delete_object()
            .bucket(&self.bucket)
            .key(key)
            .version_id(version)
            .send()
            .await
            .map_err(|error| FilesError::of(&error));
        match removed {
            Ok(_) | Err(FilesError::Missing) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Copies an object of another bucket to the key `to`, within S3.
    ///
    /// One that is larger than `at_most` is not copied. The copy is of the very object whose size was
    /// looked at: if another has taken its place meanwhile, this is
    /// [`Unavailable`](FilesError::Unavailable).
    pub async fn copy_in(
        &self,
        from_bucket: &str,
        from_key: &str,
        from_version: Option<&str>,
        to: &str,
        file_type: FileType,
        at_most: u64,
    ) -> Result<(), FilesError> {
        let seen = self
            .client
            .head_object()
            .bucket(from_bucket)
            .key(from_key)
            .set_version_id(from_version.map(str::to_owned))
            .send()
            .await
            .map_err(|error| FilesError::of(&error))?;
        length(seen.content_length, at_most)?;
        let tag = seen.e_tag.ok_or(FilesError::Refused)?;
        self.client
            .copy_object()
            .copy_source(source(from_bucket, from_key, from_version))
            .copy_source_if_match(tag)
            .bucket(&self.bucket)
            .key(to)
            // What the other bucket says about its object stays there: only the bytes are taken.
            .metadata_directive(MetadataDirective::Replace)
            .tagging_directive(TaggingDirective::Replace)
            .content_type(file_type.media_type())
            .send()
            .await
            .map_err(|error| FilesError::of(&error))?;
        Ok(())
    }
}

/// The length that S3 tells, if it is within the bound.
fn length(told: Option<i64>, at_most: u64) -> Result<usize, FilesError> {
    let told = told.and_then(|told| u64::try_from(told).ok()).ok_or(FilesError::Unavailable)?;
    if told > at_most {
        return Err(FilesError::TooLarge);
    }
    usize::try_from(told).map_err(|_| FilesError::TooLarge)
}

/// The whole body of `length` bytes.
async fn bytes(mut body: ByteStream, length: usize) -> Result<Vec<u8>, FilesError> {
    let mut bytes = Vec::with_capacity(length);
    while let Some(part) = body.next().await {
        let part = part.map_err(|_| FilesError::Unavailable)?;
        if bytes.len() + part.len() > length {
            return Err(FilesError::Unavailable);
        }
        bytes.extend_from_slice(&part);
    }
    if bytes.len() < length {
        return Err(FilesError::Unavailable);
    }
    Ok(bytes)
}

/// How S3 wants the source of a copy named: percent-encoded, the version apart.
fn source(bucket: &str, key: &str, version: Option<&str>) -> String {
    let key = utf8_percent_encode(key, IN_KEYS);
    match version {
        None => format!("{bucket}/{key}"),
        Some(version) => format!("{bucket}/{key}?versionId={version}"),
    }
}

/// What is encoded in a key.
const IN_KEYS: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');

#[cfg(test)]
mod tests;
