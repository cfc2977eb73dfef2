//! What the fast path asks of vector instructions, and the choice of them.
//!
//! A [`Kernel`] looks at blocks of 32 bytes and answers in masks, bit `i` for byte `i`: all kernels give the same masks.
//! Blocks are arrays, so that no kernel can read beside them; near the end of a value they reach behind it (see
//! [`Input`](super::input::Input)).

#[cfg(target_arch = "x86_64")]
use super::avx2::Avx2;
#[cfg(target_arch = "aarch64")]
use super::neon::Neon;
use super::portable::Portable;
#[cfg(target_arch = "x86_64")]
use super::sse2::Sse2;

/// Bytes looked at in one go.
pub(in crate::json) const BLOCK: usize = 32;

/// Thirty-two bytes of a value.
pub(in crate::json) type Block = [u8; BLOCK];

/// What a block of a string holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::json) struct Stops {
    /// Quotes, backslashes and control characters: where a run of plain bytes ends.
    pub(in crate::json) stops: u32,
    /// Bytes beyond ASCII.
    pub(in crate::json) high: u32,
}

/// What a block of a short string holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::json) struct Ends {
    /// Quotes.
    pub(in crate::json) quotes: u32,
    /// Backslashes, control characters and bytes beyond ASCII: what makes a string one of the others.
    pub(in crate::json) special: u32,
}

/// Vector instructions that this machine has. A value of the type is the proof of that.
pub(in crate::json) trait Kernel: Copy {
    /// Whether looking at a block costs no more than looking at a few of its bytes.
    const VECTORS: bool = true;
    /// Which bytes end a run of plain string bytes, and which are beyond ASCII.
    fn stops(self, block: &Block) -> Stops;
    /// The same, parted so that a string of plain ASCII is known with fewest instructions.
    fn ends(self, block: &Block) -> Ends;
    /// Which bytes numbers and words are made of (`check::is_word`).
    fn words(self, block: &Block) -> u32;
    /// Which bytes of two blocks are equal.
    fn equal(self, a: &Block, b: &Block) -> u32;
    /// Runs `task` in code that was compiled for these instructions.
    fn run<T: Task>(self, task: T) -> T::Output;
}

/// A piece of decoding that is compiled once for each kernel. Its `run` must be `#[inline(always)]`: only then does it
/// become part of the code that may use the kernel's instructions.
pub(in crate::json) trait Task {
    type Output;
    fn run<K: Kernel>(self, kernel: K) -> Self::Output;
}

/// The kernels there are on this kind of machine.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Level {
    #[cfg(target_arch = "x86_64")]
    Avx2(Avx2),
    #[cfg(target_arch = "x86_64")]
    Sse2(Sse2),
    #[cfg(target_arch = "aarch64")]
    Neon(Neon),
    Portable(Portable),
}

impl Level {
    /// All that this machine can run, the fastest first.
    pub(crate) fn all() -> Vec<Self> {
        #[allow(unused_mut, reason = "on machines without vectors there is only one")]
        let mut levels = vec![Self::Portable(Portable)];
        #[cfg(target_arch = "x86_64")]
        {
            levels.insert(0, Self::Sse2(Sse2));
            if let Some(avx2) = Avx2::detect() {
                levels.insert(0, Self::Avx2(avx2));
            }
        }
        #[cfg(target_arch = "aarch64")]
        levels.insert(0, Self::Neon(Neon));
        levels
    }

    /// What the instructions are called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(_) => "AVX2",
            #[cfg(target_arch = "x86_64")]
            Self::Sse2(_) => "SSE2",
            #[cfg(target_arch = "aarch64")]
            Self::Neon(_) => "NEON",
            Self::Portable(_) => "portable",
        }
    }

    /// Runs `task` on these instructions.
    #[inline]
    pub(in crate::json) fn run<T: Task>(self, task: T) -> T::Output {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx2(kernel) => kernel.run(task),
            #[cfg(target_arch = "x86_64")]
            Self::Sse2(kernel) => kernel.run(task),
            #[cfg(target_arch = "aarch64")]
            Self::Neon(kernel) => kernel.run(task),
            Self::Portable(kernel) => kernel.run(task),
        }
    }
}

impl Default for Level {
    /// The fastest that this machine can run.
    fn default() -> Self {
        #[cfg(target_arch = "x86_64")]
        return Avx2::detect().map_or(Self::Sse2(Sse2), Self::Avx2);
        #[cfg(target_arch = "aarch64")]
        return Self::Neon(Neon);
        #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
        return Self::Portable(Portable);
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::check::is_word;
    use super::*;
    use proptest::prelude::*;

    /// What a kernel says about two blocks.
    struct Masks<'a>(&'a Block, &'a Block);

    impl Task for Masks<'_> {
        type Output = (Stops, Ends, u32, u32);
        #[inline(always)]
        fn run<K: Kernel>(self, kernel: K) -> Self::Output {
            let Self(a, b) = self;
            (kernel.stops(a), kernel.ends(a), kernel.words(a), kernel.equal(a, b))
        }
    }

    #[test]
    fn the_kernels_of_the_architecture_are_among_those_that_are_tested() {
        let names: Vec<_> = Level::all().into_iter().map(Level::name).collect();
        #[cfg(target_arch = "x86_64")]
        assert!(names.ends_with(&["SSE2", "portable"]), "{names:?}");
        #[cfg(target_arch = "aarch64")]
        assert_eq!(names, ["NEON", "portable"]);
        assert_eq!(names[0], Level::default().name());
    }

    /// Not left to chance: each byte in each place of a block, alone among bytes on which every operation answers otherwise.
    #[test]
    fn kernels_agree_with_the_portable_one_on_each_byte_in_each_place() {
        let levels = Level::all();
        let mut backgrounds = [b'a', b' ', b'"', b'\\', b'\0', 0x80, 0xff]
            .map(|byte| [byte; BLOCK])
            .to_vec();
        // One whose bytes all differ: two blocks are compared place by place.
        backgrounds.push(std::array::from_fn(|place| place as u8 * 7));
        for (other, place) in backgrounds
            .into_iter()
            .flat_map(|other| (0..BLOCK).map(move |place| (other, place)))
        {
            for byte in 0..=255u8 {
                let mut block = other;
                block[place] = byte;
                let expected = Portable.run(Masks(&block, &other));
                for level in &levels {
                    let found = level.run(Masks(&block, &other));
                    assert_eq!(found, expected, "{level:?}: {byte:#04x} at {place} of {other:x?}");
                }
            }
        }
    }

    fn mask(bytes: &Block, test: impl Fn(usize, u8) -> bool) -> u32 {
        let bits = bytes.iter().enumerate().map(|(i, byte)| u32::from(test(i, *byte)) << i);
        bits.sum()
    }

    proptest! {
        #[test]
        fn kernels_agree_with_a_byte_loop(
            a in any::<Block>(),
            b in any::<Block>(),
            edges in prop::collection::vec((0..BLOCK, prop::sample::select(b"\0\x1f\x20!\"#*+,-./09:;@AZ[\\]`az{\x7f\x80\xab\xb9\xc1\xe1\xff".to_vec())), 0..40),
            same: u32,
        ) {
            let (mut a, mut b) = (a, b);
            for (at, byte) in edges {
                a[at] = byte;
            }
            for i in (0..BLOCK).filter(|i| same >> i & 1 == 1) {
                b[i] = a[i];
            }
            let expected = (
                Stops {
                    stops: mask(&a, |_, byte| byte == b'"' || byte == b'\\' || byte < 0x20),
                    high: mask(&a, |_, byte| byte >= 0x80),
                },
                Ends {
                    quotes: mask(&a, |_, byte| byte == b'"'),
                    special: mask(&a, |_, byte| byte == b'\\' || !(0x20..0x80).contains(&byte)),
                },
                mask(&a, |_, byte| is_word(byte)),
                mask(&a, |i, byte| byte == b[i]),
            );
            for level in Level::all() {
                prop_assert_eq!(level.run(Masks(&a, &b)), expected, "{:?}", level);
            }
        }
    }
}
