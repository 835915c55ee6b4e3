//! When all of several people are away.

use crate::hours::{Days, all_away};

fn days(from: &str, to: &str) -> Days {
    Days::new(from.parse().unwrap(), to.parse().unwrap()).unwrap()
}

fn away(each: &[Vec<Days>]) -> Vec<Days> {
    all_away(each.iter().map(Vec::as_slice))
}

#[test]
fn the_days_in_common_are_those_of_everybody() {
    let summer = days("2027-07-01", "2027-07-20");
    let winter = days("2027-12-20", "2027-12-31");
    assert_eq!(away(&[]), []);
    assert_eq!(away(&[vec![winter, summer]]), [summer, winter]);
    assert_eq!(away(&[vec![summer], vec![winter]]), []);
    assert_eq!(away(&[vec![summer], vec![]]), []);
    // One day in common is one day, and two parts of another's stay two.
    assert_eq!(
        away(&[vec![summer], vec![days("2027-07-20", "2027-08-02")]]),
        [days("2027-07-20", "2027-07-20")]
    );
    let (early, late) = (days("2027-07-02", "2027-07-03"), days("2027-07-05", "2027-07-06"));
    assert_eq!(away(&[vec![late, early], vec![summer, winter]]), [early, late]);
}

#[test]
fn days_that_overlap_are_the_days_of_both() {
    let one = vec![
        days("2027-07-10", "2027-07-20"),
        days("2027-07-01", "2027-07-15"),
        days("2027-07-03", "2027-07-04"),
    ];
    assert_eq!(away(&[one]), [days("2027-07-01", "2027-07-20")]);
}

/// As many people as are looked at, each with as many vacations as one may have, all of them on the
/// same days: without putting each one's together first, they would be 20 to the power of 100.
#[test]
fn the_same_days_many_times_are_found_at_once() {
    let each = vec![vec![days("2027-07-01", "2027-07-20"); 20]; 100];
    assert_eq!(away(&each), [days("2027-07-01", "2027-07-20")]);
}
