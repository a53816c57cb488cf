//! The shares that a target is given one after the other.

use std::str::FromStr;

use crate::weights::WHOLE;

/// Shares in percent, each larger than the one before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Steps(Vec<u32>);

impl FromStr for Steps {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let steps: Result<Vec<u32>, _> = text.split(',').map(|step| step.trim().parse()).collect();
        let steps = steps.map_err(|_| "give percents with commas between them, as 1,10,50,100".to_owned())?;
        let rises = steps.windows(2).all(|two| two[0] < two[1]);
        let fits = steps.iter().all(|step| (1..=WHOLE).contains(step));
        if !rises || !fits {
            return Err("each is larger than the one before, from 1 to 100".to_owned());
        }
        Ok(Self(steps))
    }
}

impl Steps {
    /// Those that are left for a target that has this share: where a killed run has begun, the next
    /// one goes on.
    pub(crate) fn after(&self, share: u32) -> &[u32] {
        let done = self.0.iter().take_while(|step| **step <= share).count();
        &self.0[done..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_rise_and_those_that_were_done_are_left_out() {
        let steps: Steps = "1, 10,50,100".parse().unwrap();
        assert_eq!(steps.after(0), [1, 10, 50, 100]);
        assert_eq!(steps.after(10), [50, 100]);
        assert_eq!(steps.after(11), [50, 100]);
        assert_eq!(steps.after(100), [0; 0]);
        for wrong in ["", "1,1", "10,1", "0,100", "50,101", "a", "-1"] {
            assert!(wrong.parse::<Steps>().is_err(), "{wrong}");
        }
    }
}
