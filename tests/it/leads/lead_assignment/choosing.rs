//! Who gets a lead, by each strategy.

use entity::id::UserId;
use service::leads::{
    distribution::Strategy,
    lead_assignment::{Person, Rate, Unfit, Wanted, choose},
};

fn person() -> Person {
    Person {
        user_id: UserId::new(),
        active: true,
        absent: false,
        leads: 0,
        max_active: 50,
        weight: 1,
        owed: 0,
        states: vec![],
        skills: vec![],
        last_assigned_at: None,
        rate: Rate::default(),
    }
}

fn wanted(strategy: Strategy) -> Wanted {
    Wanted { strategy, score: 0, state: None, needs: vec![], known_to: vec![] }
}

/// Who gets each of so many leads, one after the other.
fn turns(pool: &mut [Person], wanted: &Wanted, number: usize) -> Vec<usize> {
    (0..number).map(|_| choose(pool, wanted).place.unwrap()).collect()
}

#[test]
fn turns_are_even_and_by_weight() {
    let mut pool = [person(), person(), person()];
    let of = wanted(Strategy::RoundRobin);
    assert_eq!(turns(&mut pool, &of, 7), [0, 1, 2, 0, 1, 2, 0]);
    let mut pool = [Person { weight: 3, ..person() }, person()];
    let given = turns(&mut pool, &of, 40);
    assert_eq!(given.iter().filter(|place| **place == 0).count(), 30);
    assert_eq!(given[..4].iter().filter(|place| **place == 0).count(), 3, "within a round");
}

#[test]
fn who_was_away_is_not_flooded_when_they_come_back() {
    let roomy = || Person { max_active: 1000, ..person() };
    let mut pool = [roomy(), roomy(), roomy()];
    let of = wanted(Strategy::RoundRobin);
    pool[1].absent = true;
    let away = turns(&mut pool, &of, 100);
    assert!(!away.contains(&1));
    assert!(away.iter().filter(|place| **place == 0).count() == 50);
    pool[1].absent = false;
    let back = turns(&mut pool, &of, 30);
    for window in back.windows(2) {
        assert!(window != [1, 1], "{back:?}");
    }
    let ten = back.iter().filter(|place| **place == 1).count();
    assert!((10..=11).contains(&ten), "{back:?}");
}

#[test]
fn the_fewest_get_the_next_and_who_has_all_gets_none() {
    let of = wanted(Strategy::Capacity);
    let mut pool = [
        Person { leads: 3, ..person() },
        Person { leads: 1, ..person() },
        Person { leads: 2, ..person() },
    ];
    assert_eq!(turns(&mut pool, &of, 4), [1, 1, 2, 0]);
    let mut pool = [Person { leads: 49, ..person() }, Person { leads: 50, ..person() }];
    assert_eq!(choose(&mut pool, &of).place, Some(0));
    let none = choose(&mut pool, &of);
    assert_eq!(none.place, None);
    assert_eq!(none.reason, "of 2, 2 have all that they may have");
    let unfit: Vec<_> = none.considered.candidates.iter().map(|c| c.unfit).collect();
    assert_eq!(unfit, [Some(Unfit::Full), Some(Unfit::Full)]);
}

#[test]
fn a_state_is_somebodys_and_if_they_cannot_anybodys() {
    let texan = |leads| Person { states: vec!["TX".to_owned()], leads, ..person() };
    let mut pool = [person(), texan(9), texan(8)];
    let of = |state: Option<&str>| Wanted {
        state: state.map(str::to_owned),
        ..wanted(Strategy::Geographic)
    };
    let theirs = choose(&mut pool, &of(Some("TX")));
    assert_eq!((theirs.place, &*theirs.reason), (Some(2), "their territory is TX"));
    assert_eq!(theirs.considered.candidates[0].unfit, Some(Unfit::Territory));
    assert_eq!(theirs.considered.state.as_deref(), Some("TX"));
    let nobodys = choose(&mut pool, &of(Some("CA")));
    assert_eq!(
        (nobodys.place, &*nobodys.reason),
        (Some(0), "nobody's territory is CA: the fewest")
    );
    assert_eq!(choose(&mut pool, &of(None)).place, Some(0));
    let mut pool = [person(), texan(50)];
    assert_eq!(
        choose(&mut pool, &of(Some("TX"))).place,
        Some(0),
        "the Texan has all that they may"
    );
}

#[test]
fn a_hot_lead_goes_to_who_wins_most_of_theirs_and_the_others_in_turn() {
    let rated = |won, given, leads| Person { rate: Rate { won, given }, leads, ..person() };
    let of = |score| Wanted { score, ..wanted(Strategy::SkillBased) };
    // A third, 0.3, and nothing of nothing.
    let mut pool = [rated(3, 10, 0), rated(1, 3, 0), rated(0, 0, 0)];
    assert_eq!(turns(&mut pool, &of(80), 3), [1, 1, 1]);
    assert_eq!(turns(&mut pool, &of(79), 3), [0, 1, 2]);
    // The same share: who has fewer.
    let mut pool = [rated(2, 4, 7), rated(1, 2, 6)];
    assert_eq!(turns(&mut pool, &of(100), 2), [1, 0]);
}

#[test]
fn only_who_can_gets_what_needs_it_and_why_nobody_can_is_said() {
    let speaks = Person { skills: vec!["spanish".to_owned()], ..person() };
    let of = Wanted { needs: vec!["spanish".to_owned()], ..wanted(Strategy::RoundRobin) };
    let mut pool = [person(), speaks.clone(), person()];
    assert_eq!(turns(&mut pool, &of, 3), [1, 1, 1]);
    pool[1].absent = true;
    pool[2].active = false;
    let none = choose(&mut pool, &of);
    assert_eq!(none.place, None);
    assert_eq!(none.reason, "of 3, 1 are away, 1 cannot do what it needs, 1 take no leads");
    assert_eq!(choose(&mut [], &of).reason, "nobody is in the pool");
}

#[test]
fn who_knows_it_comes_first_and_costs_nobody_their_turn() {
    let mut pool = [person(), person()];
    let known = (pool[1].user_id, "it was theirs before");
    let of = wanted(Strategy::RoundRobin);
    let known = Wanted { known_to: vec![(UserId::new(), "x"), known], ..of.clone() };
    assert_eq!(turns(&mut pool, &known, 3), [1, 1, 1]);
    assert_eq!(turns(&mut pool, &of, 3), [0, 1, 0]);
    pool[1].absent = true;
    assert_eq!(turns(&mut pool, &known, 1), [0]);
}
