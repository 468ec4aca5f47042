//! Short lists without memory of their own: most features have few campaigns and most values few holders.

/// Up to `N` elements in place, more on the heap.
#[derive(Clone, Debug)]
#[allow(
    clippy::box_collection,
    reason = "the list is one of millions: eight bytes of it, not twenty-four, where it is short"
)]
pub(crate) enum Small<T, const N: usize> {
    In(u8, [T; N]),
    Out(Box<Vec<T>>),
}

impl<T: Copy + Default, const N: usize> Default for Small<T, N> {
    fn default() -> Self {
        Self::In(0, [T::default(); N])
    }
}

impl<T: Copy + Default, const N: usize> Small<T, N> {
    pub(crate) fn as_slice(&self) -> &[T] {
        match self {
            Self::In(len, all) => all.get(..usize::from(*len)).unwrap_or(all),
            Self::Out(all) => all,
        }
    }

    pub(crate) fn push(&mut self, value: T) {
        match self {
            Self::In(len, all) => {
                if let Some(place) = all.get_mut(usize::from(*len)) {
                    *place = value;
                    *len += 1;
                } else {
                    let mut list = Vec::with_capacity(2 * N);
                    list.extend_from_slice(all);
                    list.push(value);
                    *self = Self::Out(Box::new(list));
                }
            }
            Self::Out(all) => all.push(value),
        }
    }

    pub(crate) fn remove(&mut self, at: usize) {
        match self {
            Self::In(len, all) => {
                if at < usize::from(*len) {
                    all.copy_within(at + 1..usize::from(*len), at);
                    *len -= 1;
                }
            }
            Self::Out(all) => {
                if at < all.len() {
                    all.remove(at);
                }
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.as_slice().len()
    }
}

impl<T: Copy + Default, const N: usize> FromIterator<T> for Small<T, N> {
    fn from_iter<I: IntoIterator<Item = T>>(of: I) -> Self {
        let mut list = Self::default();
        of.into_iter().for_each(|value| list.push(value));
        list
    }
}

/// At most `N` elements, all in place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Few<T, const N: usize> {
    all: [T; N],
    len: u8,
}

impl<T: Copy + Default, const N: usize> Default for Few<T, N> {
    fn default() -> Self {
        Self { all: [T::default(); N], len: 0 }
    }
}

impl<T: Copy + Default, const N: usize> Few<T, N> {
    pub(crate) fn as_slice(&self) -> &[T] {
        self.all.get(..usize::from(self.len)).unwrap_or(&self.all)
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [T] {
        self.all.get_mut(..usize::from(self.len)).unwrap_or(&mut [])
    }

    /// Adds an element; where the list is full it is left out.
    pub(crate) fn push(&mut self, value: T) {
        if let Some(place) = self.all.get_mut(usize::from(self.len)) {
            *place = value;
            self.len += 1;
        }
    }

    pub(crate) fn remove(&mut self, at: usize) {
        let len = usize::from(self.len);
        if at < len {
            self.all.copy_within(at + 1..len, at);
            self.len -= 1;
        }
    }

    pub(crate) fn len(&self) -> usize {
        usize::from(self.len)
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl<T: Copy + Default, const N: usize> FromIterator<T> for Few<T, N> {
    fn from_iter<I: IntoIterator<Item = T>>(of: I) -> Self {
        let mut list = Self::default();
        of.into_iter().for_each(|value| list.push(value));
        list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_list_however_long() {
        let mut list: Small<u32, 3> = (0..3).collect();
        assert_eq!(list.as_slice(), [0, 1, 2]);
        list.remove(0);
        list.push(7);
        list.push(8);
        assert_eq!((list.as_slice(), list.len()), (&[1, 2, 7, 8][..], 4));
        list.remove(3);
        list.remove(3);
        assert_eq!(list.as_slice(), [1, 2, 7]);
        assert_eq!(Small::<u32, 3>::default().len(), 0);
        assert_eq!(size_of::<Small<u32, 3>>(), 16);
    }

    #[test]
    fn a_few_are_kept_and_no_more() {
        let mut list: Few<u32, 3> = (0..5).collect();
        assert_eq!(list.as_slice(), [0, 1, 2]);
        list.remove(1);
        list.remove(7);
        list.push(9);
        list.as_mut_slice()[0] = 8;
        assert_eq!((list.as_slice(), list.len(), list.is_empty()), (&[8, 2, 9][..], 3, false));
    }
}
