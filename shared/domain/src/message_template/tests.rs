#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;

use super::*;
use crate::people::{Group, Role};
use crate::testing::{self, WORKING, at, body, clinic, clinic_id, group, group_id, name, patient};

fn template(title: &str, text: &str) -> MessageTemplate {
    MessageTemplate {
        clinic: clinic_id(),
        id: TemplateId::parse("t1").unwrap(),
        version: 3,
        language: Language::En,
        title: Title::parse(title).unwrap(),
        body: body(text),
        replies_allowed: None,
        groups: BTreeSet::new(),
        archived: false,
    }
}

fn told(refusal: &Refusal) -> Vec<(Code, &str, &str)> {
    refusal
        .reasons()
        .map(|reason| {
            let about = reason.about.as_deref().unwrap_or_default();
            (reason.code, reason.place.as_deref().unwrap_or_default(), about)
        })
        .collect()
}

fn checked(template: &MessageTemplate) -> Result<(), Refusal> {
    let mut checks = Checks::new();
    template.check(&mut checks);
    checks.finish()
}

/// A patient of whom everything is known.
fn whole_patient() -> Patient {
    Patient { given_name: Some(name("Zebulon")), family_name: Some(name("Quagmire")), ..patient() }
}

fn render_for(
    clinic: &ClinicSettings,
    patient: &Patient,
    template: &MessageTemplate,
) -> Result<Draft, Refusal> {
    let sender = testing::staff("s1");
    let about = About { clinic, patient, sender: &sender, now: at(WORKING) };
    about.render(&template.draft(), template.language)
}

fn render(template: &MessageTemplate) -> Result<Draft, Refusal> {
    render_for(&clinic(), &whole_patient(), template)
}

/// A text that has this at one place only, each place once.
fn everywhere(placed: &str) -> [(MessageTemplate, &'static str); 4] {
    let table = format!("<table><tr><th>Who</th><td>{placed}</td></tr></table>");
    let link = format!("<a href=\"https://example.test/\">{placed}</a>");
    let french = template("Vos résultats", &format!("<p>Bonjour {placed},</p>"));
    [
        (template(placed, "Good news."), "/title"),
        (template("Results", &table), "/body"),
        (template("Results", &link), "/body"),
        (MessageTemplate { language: Language::Fr, ..french }, "/body"),
    ]
}

#[test]
fn what_is_unknown_is_refused_by_name_wherever_it_stands() {
    for (template, place) in everywhere("{{patient_first_name}}") {
        let wanted = [(Code::PlaceholderUnknown, place, "patient_first_name")];
        assert_eq!(told(&checked(&template).unwrap_err()), wanted);
        // A sender's own text is looked through as well, so that it is never sent raw.
        assert_eq!(told(&render(&template).unwrap_err()), wanted);
    }
    let link = "<a href=\"https://example.test/{{patientName}}\">Here</a>";
    let wanted = [(Code::PlaceholderInLink, "/body", "patientName")];
    assert_eq!(told(&checked(&template("Results", link)).unwrap_err()), wanted);
    assert_eq!(told(&render(&template("Results", link)).unwrap_err()), wanted);
}

#[test]
fn what_this_patient_or_clinic_has_no_value_for_is_refused_by_name_wherever_it_stands() {
    let nothing = Patient { birth_date: None, ..patient() };
    let mut bare = clinic();
    (bare.phone, bare.emergency_line) = (None, None);
    bare.office_hours = testing::hours("America/Toronto", &[], &[]);
    for wanted in [
        "patientGivenName",
        "patientFamilyName|upper",
        "patientBirthDate|short",
        "clinicPhone",
        "emergencyLine",
        "nextOpening",
    ] {
        for (template, place) in everywhere(&format!("{{{{{wanted}}}}}")) {
            assert_eq!(checked(&template), Ok(()), "{wanted}");
            let refusal = render_for(&bare, &nothing, &template).unwrap_err();
            assert_eq!(told(&refusal), [(Code::PlaceholderWithoutValue, place, wanted)]);
            render(&template).unwrap();
        }
    }
    // Everything that is missing is told at once.
    let both = template("{{patientGivenName}}", "{{clinicPhone}} {{patientGivenName}}");
    assert_eq!(
        told(&render_for(&bare, &nothing, &both).unwrap_err()),
        [
            (Code::PlaceholderWithoutValue, "/title", "patientGivenName"),
            (Code::PlaceholderWithoutValue, "/body", "clinicPhone"),
            (Code::PlaceholderWithoutValue, "/body", "patientGivenName"),
        ]
    );
}

#[test]
fn every_placeholder_has_its_value_in_each_form_and_language() {
    for (wanted, english, french) in [
        ("patientName", "Zebulon Quagmire", "Zebulon Quagmire"),
        ("patientName|upper", "ZEBULON QUAGMIRE", "ZEBULON QUAGMIRE"),
        ("patientGivenName", "Zebulon", "Zebulon"),
        ("patientFamilyName|upper", "QUAGMIRE", "QUAGMIRE"),
        ("patientBirthDate", "June 1, 2018", "1er juin 2018"),
        ("patientBirthDate|long", "June 1, 2018", "1er juin 2018"),
        ("patientBirthDate|short", "2018-06-01", "2018-06-01"),
        ("senderName", "Staff s1", "Staff s1"),
        ("today", "November 25, 2026", "25 novembre 2026"),
        ("today|short", "2026-11-25", "2026-11-25"),
        ("clinicName", "Rideau Clinic", "Rideau Clinic"),
        ("clinicName|upper", "RIDEAU CLINIC", "RIDEAU CLINIC"),
        ("clinicPhone", "613-555-0100", "613-555-0100"),
        ("emergencyLine", "911", "911"),
        (
            "nextOpening",
            "Thursday, November 26, 2026 at 9:00 a.m. EST",
            "jeudi 26 novembre 2026 à 9:00 (HNE)",
        ),
    ] {
        let typed = format!("{{{{{wanted}}}}}");
        for (language, value) in [(Language::En, english), (Language::Fr, french)] {
            let template =
                MessageTemplate { language, ..template(&typed, &format!("<p>{typed}</p>")) };
            assert_eq!(checked(&template), Ok(()));
            let Draft { title, body } = render(&template).unwrap();
            assert_eq!(title.unwrap().as_str(), value);
            assert_eq!(body.text(), value);
        }
    }
}

#[test]
fn today_is_the_clinic_s_day() {
    let sender = testing::staff("s1");
    let (clinic, patient) = (clinic(), patient());
    // 23:30 in Toronto is the next day in UTC.
    let about = About {
        clinic: &clinic,
        patient: &patient,
        sender: &sender,
        now: at("2026-11-26T04:30:00Z"),
    };
    let draft = Draft { title: None, body: body("{{today|short}}") };
    assert_eq!(about.render(&draft, Language::En).unwrap().body.text(), "2026-11-25");
}

#[test]
fn names_are_put_in_as_text_and_never_looked_at_again() {
    let odd = Patient { name: name("<b>Z</b> {{today}} & www.example.test"), ..patient() };
    let template = template("To {{patientName}}", "<p>Dear <i>{{patientName}}</i></p>");
    let Draft { title, body } = render_for(&clinic(), &odd, &template).unwrap();
    assert_eq!(title.unwrap().as_str(), "To <b>Z</b> {{today}} & www.example.test");
    assert_eq!(body.text(), "Dear <b>Z</b> {{today}} & www.example.test");
    let html = "<p>Dear <i>&lt;b&gt;Z&lt;/b&gt; {{today}} &amp; www.example.test</i></p>";
    assert_eq!(body.html(), html);
}

#[test]
fn what_is_too_long_with_its_values_is_not_sent() {
    let long = Patient { name: name(&"&".repeat(100)), ..patient() };
    let title = format!("{{{{patientName}}}}{}", "t".repeat(101));
    let refusal = render_for(&clinic(), &long, &template(&title, "x")).unwrap_err();
    assert_eq!(told(&refusal), [(Code::TitleTooLong, "/title", "")]);
    let template = template("x", &"{{patientName}}".repeat(1_300));
    assert_eq!(checked(&template), Ok(()));
    let refusal = render_for(&clinic(), &long, &template).unwrap_err();
    assert_eq!(told(&refusal), [(Code::BodyTooLong, "/body", "")]);
}

#[test]
fn a_draft_may_be_empty_beside_files_and_stays_so() {
    let empty = Body::parse_beside_files("<img src=x>").unwrap();
    let (clinic, patient, sender) = (clinic(), patient(), testing::staff("s1"));
    let about = About { clinic: &clinic, patient: &patient, sender: &sender, now: at(WORKING) };
    let draft = about.render(&Draft { title: None, body: empty.clone() }, Language::En).unwrap();
    assert_eq!((draft.title, draft.body), (None, empty));
}

#[test]
fn a_template_has_a_size_that_a_list_can_have() {
    let longest = "a".repeat(MAX_TEMPLATE_BYTES);
    assert_eq!(checked(&template("x", &longest)), Ok(()));
    let refusal = checked(&template("{{x}}", &format!("{longest}a"))).unwrap_err();
    let wanted = [(Code::PlaceholderUnknown, "/title", "x"), (Code::TemplateTooLong, "/body", "")];
    assert_eq!(told(&refusal), wanted);
    // What is measured is what is stored.
    let refusal = checked(&template("x", &"&".repeat(MAX_TEMPLATE_BYTES / 4))).unwrap_err();
    assert_eq!(refusal.codes(), [Code::TemplateTooLong]);

    let groups = (0..=MAX_GROUPS_OF_TEMPLATE).map(|number| group_id(&format!("g{number}")));
    let mut many = MessageTemplate { groups: groups.collect(), ..template("x", "x") };
    let refusal = checked(&many).unwrap_err();
    assert_eq!(told(&refusal), [(Code::TooManyGroups, "/groups", "")]);
    many.groups.pop_last();
    assert_eq!(checked(&many), Ok(()));

    for (there, code) in
        [(0, None), (MAX_TEMPLATES - 1, None), (MAX_TEMPLATES, Some(Code::TooManyTemplates))]
    {
        let mut checks = Checks::new();
        check_room(there, &mut checks);
        assert_eq!(checks.finish().map_err(|refusal| refusal.first().code).err(), code);
    }
}

#[test]
fn a_template_is_kept_for_groups_that_are_there_and_in_use() {
    let other = Group { clinic: ClinicId::parse("c2").unwrap(), ..group("g3") };
    let former = Group { active: false, ..group("g4") };
    let named: Vec<GroupId> = ["g1", "g2", "g3", "g4", "g5", "g1"].map(group_id).into();
    // The fifth record is another group's.
    let known =
        [Some(group("g1")), None, Some(other), Some(former), Some(group("g1")), Some(group("g1"))];
    let mut checks = Checks::new();
    let groups = kept_for(&named, &known, None, &clinic_id(), &mut checks);
    let refusal = checks.finish().unwrap_err();
    let places: Vec<_> = told(&refusal).into_iter().map(|(code, place, _)| (code, place)).collect();
    let wanted =
        ["/groups/1", "/groups/2", "/groups/3", "/groups/4"].map(|at| (Code::UnknownGroup, at));
    assert_eq!(places, wanted);
    assert_eq!(groups.len(), 5);

    // One that it was kept for stays, in use or not; of the others nothing changes.
    let before = MessageTemplate { groups: [group_id("g4")].into(), ..template("x", "x") };
    let mut checks = Checks::new();
    kept_for(&named, &known, Some(&before), &clinic_id(), &mut checks);
    let refusal = checks.finish().unwrap_err();
    let places: Vec<_> = told(&refusal).into_iter().map(|(code, place, _)| (code, place)).collect();
    assert_eq!(places, ["/groups/1", "/groups/2", "/groups/4"].map(|at| (Code::UnknownGroup, at)));
}

#[test]
fn a_template_is_used_by_those_it_is_for_in_the_version_that_they_saw() {
    let (clinic, in_g1) = (clinic(), [group_id("g1")]);
    let sender = StaffMember { groups: in_g1.clone().into(), ..testing::staff("s1") };
    let stored = template("x", "x");
    let wanted = stored.this_version();
    let judged = |stored: Option<&MessageTemplate>, wanted: &TemplateVersion| {
        usable(stored, wanted, &clinic, &sender).map(|found| found.version).map_err(|refusal| {
            let told = told(&refusal).into_iter();
            told.map(|(code, place, about)| format!("{code:?} {place} {about}")).collect::<Vec<_>>()
        })
    };
    assert_eq!(judged(Some(&stored), &wanted), Ok(3));
    let unknown = Err(vec!["TemplateUnknown /template/id ".to_owned()]);
    assert_eq!(judged(None, &wanted), unknown);
    let elsewhere = MessageTemplate { clinic: ClinicId::parse("c2").unwrap(), ..stored.clone() };
    assert_eq!(judged(Some(&elsewhere), &wanted), unknown);
    let other = TemplateVersion { id: TemplateId::parse("t2").unwrap(), version: 3 };
    assert_eq!(judged(Some(&stored), &other), unknown);

    let of = |groups: &[GroupId]| MessageTemplate {
        groups: groups.iter().cloned().collect(),
        ..stored.clone()
    };
    assert_eq!(judged(Some(&of(&in_g1)), &wanted), Ok(3));
    let both = [group_id("g1"), group_id("g2")];
    assert_eq!(judged(Some(&of(&both)), &wanted), Ok(3), "one group is enough");
    let not_for = "TemplateNotForSender /template/id ".to_owned();
    assert_eq!(judged(Some(&of(&[group_id("g2")])), &wanted), Err(vec![not_for.clone()]));
    for version in [0, 2, 4, u64::MAX] {
        let stale = Err(vec!["TemplateVersionStale /template/version 3".to_owned()]);
        assert_eq!(judged(Some(&stored), &TemplateVersion { version, ..wanted.clone() }), stale);
    }
    let worst = MessageTemplate { archived: true, ..of(&[group_id("g2")]) };
    let all = [
        not_for,
        "TemplateArchived /template/id ".to_owned(),
        "TemplateVersionStale /template/version 3".to_owned(),
    ];
    let seen = TemplateVersion { version: 2, ..wanted };
    assert_eq!(judged(Some(&worst), &seen), Err(all.into()));

    // Not even an administrator uses what is kept for others.
    let admin = StaffMember { roles: [Role::Admin].into(), ..testing::staff("s9") };
    assert!(!of(&in_g1).is_for(&admin) && of(&[]).is_for(&admin));
}

#[test]
fn the_placeholders_of_a_template_are_named_once_in_reading_order() {
    let template = template(
        "{{clinicName}}: {{today}}",
        "<p>{{patientName}}, {{today|short}}</p><p>{{clinicName|upper}} {{senderName}}</p>",
    );
    let names: Vec<_> = template.placeholders().into_iter().map(Placeholder::name).collect();
    assert_eq!(names, ["clinicName", "today", "patientName", "senderName"]);
    assert!(self::template("x", "{x}").placeholders().is_empty());
}

#[test]
fn a_stored_template_reads_back_as_it_was() {
    let full = MessageTemplate {
        replies_allowed: Some(false),
        groups: [group_id("g1")].into(),
        archived: true,
        language: Language::Fr,
        ..template("{{today}}", "<p>Q &amp; A {{clinicName}}</p>")
    };
    for template in [full, template("x", "x")] {
        let stored = serde_json::to_value(&template).unwrap();
        assert_eq!(serde_json::from_value::<MessageTemplate>(stored).unwrap(), template);
    }
}

/// Text, placeholders in the forms that they have, and markup.
fn parts(markup: bool) -> impl Strategy<Value = String> {
    let known = prop::sample::select(Placeholder::OF_MESSAGES.to_vec());
    let known = (known, any::<prop::sample::Index>()).prop_map(|(placeholder, form)| {
        let forms = placeholder.forms().iter().map(|form| format!("|{}", form.name()));
        let forms: Vec<String> = forms.chain([String::new()]).collect();
        format!("{{{{{}{}}}}}", placeholder.name(), form.get(&forms))
    });
    let tags: &[_] = if markup { &["<b>", "</b>", "<p>", "<li>", "<td>", "&amp;"] } else { &["&"] };
    let tag = prop::sample::select(tags).prop_map(str::to_owned);
    let part = prop_oneof![4 => known, 2 => "[a-z ]{0,4}", 1 => Just("{ ".to_owned()), 2 => tag];
    prop::collection::vec(part, 0..8).prop_map(|parts| format!("x{}", parts.concat()))
}

proptest! {
    /// What can be saved is sent whole, or refused by name or for its length: never raw, never blank.
    #[test]
    fn what_can_be_saved_is_sent_whole_or_not_at_all(
        title in parts(false),
        text in parts(true),
        known in any::<[bool; 6]>(),
    ) {
        let saved = template(&title, &text);
        prop_assume!(checked(&saved).is_ok());
        let [given, family, born, phone, emergency, open] = known;
        let of = |has: bool, text: &str| has.then(|| name(text));
        let patient = Patient {
            given_name: of(given, "Zebulon"),
            family_name: of(family, "<Q>"),
            birth_date: patient().birth_date.filter(|_| born),
            ..patient()
        };
        let mut clinic = clinic();
        clinic.phone = clinic.phone.filter(|_| phone);
        clinic.emergency_line = clinic.emergency_line.filter(|_| emergency);
        if !open {
            clinic.office_hours = testing::hours("America/Toronto", &[], &[]);
        }
        let missing: BTreeSet<&str> = [
            (given, Placeholder::PatientGivenName),
            (family, Placeholder::PatientFamilyName),
            (born, Placeholder::PatientBirthDate),
            (phone, Placeholder::ClinicPhone),
            (emergency, Placeholder::EmergencyLine),
            (open, Placeholder::NextOpening),
        ]
        .into_iter()
        .filter(|(has, placeholder)| !has && saved.placeholders().contains(placeholder))
        .map(|(_, placeholder)| placeholder.name())
        .collect();
        match render_for(&clinic, &patient, &saved) {
            Ok(Draft { title, body }) => {
                prop_assert!(missing.is_empty());
                for text in [title.unwrap().as_str(), body.text(), body.html()] {
                    prop_assert!(!text.contains("{{") && !text.contains("}}"), "{}", text);
                }
            }
            Err(refusal) => {
                let named: BTreeSet<&str> = refusal
                    .reasons()
                    .filter(|reason| reason.code == Code::PlaceholderWithoutValue)
                    .filter_map(|reason| reason.about.as_deref()?.split('|').next())
                    .collect();
                prop_assert_eq!(&named, &missing);
                let too_long = |code: &Code| matches!(code, Code::TitleTooLong | Code::BodyTooLong);
                prop_assert!(!missing.is_empty() || refusal.codes().iter().all(too_long));
            }
        }
    }
}
