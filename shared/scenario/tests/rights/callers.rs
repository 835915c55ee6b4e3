//! Every kind of caller, and what the directory says of it.

use domain::access::Facts;
use domain::actor::Actor;
use domain::clinic::ClinicSettings;
use domain::id::ClientId;
use domain::people::{AccountLink, Role, StaffMember};
use scenario::people::{
    account, chart, clinic_id, group_id, guardian_link, link, member, operator, patient, portal,
    staff, staff_of,
};

/// A kind of caller of a route that is about the clinic c1, its patient p1 and a conversation of
/// theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    Participant,
    InGroup,
    SeesAll,
    Neither,
    Admin,
    AdminSeesAll,
    PrivacyOfficer,
    Deactivated,
    Chart,
    Operator,
    Patient,
    Guardian,
    Revoked,
    Portal,
    OtherPatient,
    OtherPortal,
    OtherClinicsStaff,
    OtherClinicsChart,
    Anonymous,
    Expired,
}

use Caller::{
    Admin, AdminSeesAll, Anonymous, Chart, Deactivated, Expired, Guardian, InGroup, Neither,
    Operator, OtherClinicsChart, OtherClinicsStaff, OtherPatient, OtherPortal, Participant,
    Patient, Portal, PrivacyOfficer, Revoked, SeesAll,
};

impl Caller {
    /// Every kind, in the order of the page.
    pub const ALL: [Self; 20] = [
        Participant,
        InGroup,
        SeesAll,
        Neither,
        Admin,
        AdminSeesAll,
        PrivacyOfficer,
        Deactivated,
        Chart,
        Operator,
        Patient,
        Guardian,
        Revoked,
        Portal,
        OtherPatient,
        OtherPortal,
        OtherClinicsStaff,
        OtherClinicsChart,
        Anonymous,
        Expired,
    ];

    /// The name on the page, by which the whole-system test finds the row.
    pub fn name(self) -> &'static str {
        match self {
            Participant => "staff, participant",
            InGroup => "staff, in a group",
            SeesAll => "staff, sees all",
            Neither => "staff, neither",
            Admin => "admin",
            AdminSeesAll => "admin, sees all",
            PrivacyOfficer => "privacy officer",
            Deactivated => "staff, deactivated",
            Chart => "chart system",
            Operator => "operator",
            Patient => "patient",
            Guardian => "guardian",
            Revoked => "guardian, revoked",
            Portal => "portal patient",
            OtherPatient => "another patient",
            OtherPortal => "another portal patient",
            OtherClinicsStaff => "another clinic's staff",
            OtherClinicsChart => "another clinic's chart system",
            Anonymous => "no token",
            Expired => "expired token",
        }
    }

    /// Who it is, as a sentence of the page.
    pub fn meaning(self) -> &'static str {
        match self {
            Participant => "A clinician who takes part in the conversation, in no group of it.",
            InGroup => "A clinician in a group that takes part, who does not take part in person.",
            SeesAll => "A clinician who takes no part and may see others' conversations.",
            Neither => "A clinician who takes no part and sees only their own conversations.",
            Admin => "An administrator who takes no part and sees only their own conversations.",
            AdminSeesAll => "An administrator who takes no part and may see others' conversations.",
            PrivacyOfficer => {
                "Staff whose only role is privacy officer, even with the permission to see others' conversations."
            }
            Deactivated => "A participant whose access as staff was switched off.",
            Chart => "The clinic's chart system.",
            Operator => "The vendor's operations, who set clinics up.",
            Patient => "The patient, through an account of their own that is linked.",
            Guardian => "A guardian, through a linked account.",
            Revoked => "A guardian whose link was revoked.",
            Portal => "The patient, through the clinic's portal, without an account.",
            OtherPatient => "An account that is linked to another patient of the clinic only.",
            OtherPortal => "Another patient of the clinic, through the portal.",
            OtherClinicsStaff => "Staff of another clinic, who have the participant's id there.",
            OtherClinicsChart => "Another clinic's chart system.",
            Anonymous => "A request without a token.",
            Expired => "A request with a token that has expired.",
        }
    }

    /// Who calls; `None`: nobody whom the gateway lets in.
    pub fn actor(self) -> Option<Actor> {
        Some(match self {
            Participant => staff("participant"),
            InGroup => staff("in-group"),
            SeesAll => staff("sees-all"),
            Neither => staff("neither"),
            Admin => staff("admin"),
            AdminSeesAll => staff("admin-sees-all"),
            PrivacyOfficer => staff("privacy-officer"),
            Deactivated => staff("deactivated"),
            Chart => chart(),
            Operator => operator(),
            Patient => account("patient"),
            Guardian => account("guardian"),
            Revoked => account("revoked"),
            Portal => portal("p1"),
            OtherPatient => account("other"),
            OtherPortal => portal("p2"),
            OtherClinicsStaff => staff_of("c2", "participant"),
            OtherClinicsChart => {
                Actor::Chart { clinic: clinic_id("c2"), id: ClientId::parse("chart").unwrap() }
            }
            Anonymous | Expired => return None,
        })
    }

    /// The record under the caller's staff id in the clinic c1, as the store reads it: with the
    /// same id, another clinic's staff have a colleague's.
    pub fn staff_record(self) -> Option<StaffMember> {
        let Actor::Staff { id, .. } = self.actor()? else { return None };
        let mut record = member("c1", id.as_str());
        match self {
            InGroup => record.groups = [group_id("g1")].into(),
            SeesAll => record.sees_all_conversations = true,
            Admin => record.roles = [Role::Admin].into(),
            AdminSeesAll => {
                (record.roles, record.sees_all_conversations) = ([Role::Admin].into(), true);
            }
            PrivacyOfficer => {
                let roles = [Role::PrivacyOfficer].into();
                (record.roles, record.sees_all_conversations) = (roles, true);
            }
            Deactivated => record.active = false,
            _ => {}
        }
        Some(record)
    }

    /// The link between the caller's account and the patient p1.
    fn link(self) -> Option<AccountLink> {
        match self {
            Patient => Some(link("c1", "p1", "patient")),
            Guardian => Some(guardian_link("c1", "p1", "guardian")),
            Revoked => Some(AccountLink { active: false, ..guardian_link("c1", "p1", "revoked") }),
            _ => None,
        }
    }

    /// The facts about the caller and the patient p1 of this clinic.
    pub fn facts(self, clinic: &ClinicSettings) -> Facts {
        Facts {
            clinic: Some(clinic.clone()),
            patient: Some(patient("c1", "p1")),
            staff: self.staff_record(),
            link: self.link(),
        }
    }
}
