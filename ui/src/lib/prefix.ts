// Where a face's API lies.
import type { Face } from '../api/types'
export const prefixOf = (face: Face) => (face === 'cell' ? '/cell/v1' : '/api/v1')
