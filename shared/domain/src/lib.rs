//! The rules of clinic-patient messaging.
//!
//! Pure: no AWS, no network, no clock, no randomness. Time and fresh identifiers are arguments,
//! so that each rule is a function whose every case a test can name.

pub mod access;
pub mod actor;
pub mod address;
pub mod attachment;
pub mod audit;
pub mod automatic;
pub mod birth_date;
pub mod changes;
pub mod clinic;
pub mod command;
pub mod contact;
pub mod conversation;
pub mod document;
pub mod file;
pub mod gsm;
pub mod hours;
pub mod id;
pub mod message_template;
pub mod notice;
pub mod outage;
pub mod people;
pub mod placeholder;
pub mod problem_codes;
pub mod refusal;
pub mod report;
pub mod rich_text;
pub mod spoken;
mod stored_body;
pub mod text;
pub mod version;

#[cfg(test)]
mod testing;
