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

    pub(crate) fn as_mut_slice(&mut self) -> &mut [T] {
        match self {
            Self::In(len, all) => all.get_mut(..usize::from(*len)).unwrap_or(&mut []),
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

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<T: Copy + Default, const N: usize> FromIterator<T> for Small<T, N> {
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
        list.as_mut_slice()[0] = 9;
        assert_eq!((list.as_slice(), list.len()), (&[9, 2, 7, 8][..], 4));
        list.remove(3);
        list.remove(3);
        assert_eq!(list.as_slice(), [9, 2, 7]);
        assert!(Small::<u32, 3>::default().is_empty());
        assert_eq!((size_of::<Small<u32, 3>>(), size_of::<Small<[u32; 3], 3>>()), (16, 40));
    }
}
