//! The types of file that are taken.

use serde::{Deserialize, Serialize};

/// A type of file that may be attached. There is no other: what is not listed is refused.
///
/// No type that a browser would run is among them (HTML, SVG, XML), none that carries macros, and
/// none whose pictures cannot be checked (HEIC, TIFF).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileType {
    /// Portable Document Format.
    Pdf,
    /// JPEG picture.
    Jpeg,
    /// PNG picture.
    Png,
    /// GIF picture.
    Gif,
    /// WebP picture.
    Webp,
    /// Word document (Office Open XML), without macros.
    Docx,
    /// Excel workbook (Office Open XML), without macros.
    Xlsx,
    /// `PowerPoint` presentation (Office Open XML), without macros.
    Pptx,
    /// `OpenDocument` text.
    Odt,
    /// `OpenDocument` spreadsheet.
    Ods,
    /// `OpenDocument` presentation.
    Odp,
    /// Plain text.
    Text,
    /// Comma-separated values.
    Csv,
}

impl FileType {
    /// Every type.
    pub const ALL: [Self; 13] = [
        Self::Pdf,
        Self::Jpeg,
        Self::Png,
        Self::Gif,
        Self::Webp,
        Self::Docx,
        Self::Xlsx,
        Self::Pptx,
        Self::Odt,
        Self::Ods,
        Self::Odp,
        Self::Text,
        Self::Csv,
    ];

    /// The media type (RFC 6838) that the file is stored and served with.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Gif => "image/gif",
            Self::Webp => "image/webp",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Pptx => {
                "application/vnd.openxmlformats-officedocument.presentationml.presentation"
            }
            Self::Odt => "application/vnd.oasis.opendocument.text",
            Self::Ods => "application/vnd.oasis.opendocument.spreadsheet",
            Self::Odp => "application/vnd.oasis.opendocument.presentation",
            Self::Text => "text/plain",
            Self::Csv => "text/csv",
        }
    }

    /// The endings that a name of this type may have, in small letters.
    pub fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Pdf => &["pdf"],
            Self::Jpeg => &["jpg", "jpeg"],
            Self::Png => &["png"],
            Self::Gif => &["gif"],
            Self::Webp => &["webp"],
            Self::Docx => &["docx"],
            Self::Xlsx => &["xlsx"],
            Self::Pptx => &["pptx"],
            Self::Odt => &["odt"],
            Self::Ods => &["ods"],
            Self::Odp => &["odp"],
            Self::Text => &["txt"],
            Self::Csv => &["csv"],
        }
    }

    /// The type that is declared by a media type, in any letter case. `image/jpg`, which some
    /// phones write, is JPEG; parameters and other aliases are refused.
    pub fn of_media_type(declared: &str) -> Option<Self> {
        let declared = declared.to_ascii_lowercase();
        if declared == "image/jpg" {
            return Some(Self::Jpeg);
        }
        Self::ALL.into_iter().find(|file_type| file_type.media_type() == declared)
    }

    /// Whether patients and guardians may attach it, too (product page, the table of plans).
    pub fn is_for_patients(self) -> bool {
        matches!(self, Self::Pdf | Self::Jpeg | Self::Png)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declared_type_is_known_by_its_exact_name_in_any_case() {
        for file_type in FileType::ALL {
            assert_eq!(FileType::of_media_type(file_type.media_type()), Some(file_type));
        }
        assert_eq!(FileType::of_media_type("IMAGE/JPEG"), Some(FileType::Jpeg));
        assert_eq!(FileType::of_media_type("image/jpg"), Some(FileType::Jpeg));
        for other in [
            "image/jpeg;q=1",
            "application/x-pdf",
            "image/heic",
            "image/svg+xml",
            "text/html",
            "application/octet-stream",
            " image/png",
            "",
        ] {
            assert_eq!(FileType::of_media_type(other), None, "{other}");
        }
    }

    #[test]
    fn patients_attach_documents_and_photographs() {
        let allowed: Vec<_> = FileType::ALL.into_iter().filter(|t| t.is_for_patients()).collect();
        assert_eq!(allowed, [FileType::Pdf, FileType::Jpeg, FileType::Png]);
    }
}
