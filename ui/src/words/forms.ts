// The words that every form, list and dialog about people and organisations shares.
import { count } from '../lib/format'

export const words = {
  going: 'One moment…',
  cancel: 'Cancel',
  done: 'Done',
  copy: 'Copy',
  kept: 'I have kept it',
  keptMany: 'I have kept them',
  loading: 'Loading the list…',
  more: 'Show more',
  none: 'Not said',
  password: 'Password',
  code: 'Six-digit code from your app',
  recoveryCode: 'Recovery code',
  needPassword: 'Enter your password',
  needCode: 'Enter the code',
  noPasskey: 'No passkey was given. Nothing was sent; try again, or use another way.',
  broken: 'The server had a problem, and nothing was changed. Try again in a moment.',
  offline: 'We cannot reach the server. Nothing was changed. Check your connection and try again.',
  slow: (s: number) => `Too many tries. Wait ${count(s, 'second')}, then try again.`,
  notConfirmed: 'It was not confirmed that it is you, so nothing was changed.',
  forbidden: 'Your role does not allow this.',
  gone: 'That is not there any more. Load the page again to see how it stands.',
  sure: {
    title: 'Is it you?',
    text: 'This change matters, so show once more that it is you.',
    passkey: 'Use your passkey',
    needPasskey: 'Only a passkey counts here. Add one on the page of your account first.',
    go: 'Confirm',
    app: 'Use a code from your app instead',
    recovery: 'Use a recovery code instead',
  },
} as const

const pairs = (record: Record<string, string>) => Object.entries(record)
export const sectorNames: Record<string, string> = {
  chemicals: 'Chemicals',
  'civil-nuclear': 'Civil nuclear',
  communications: 'Communications',
  defence: 'Defence',
  'emergency-services': 'Emergency services',
  energy: 'Energy',
  finance: 'Finance',
  food: 'Food',
  government: 'Government',
  health: 'Health',
  space: 'Space',
  transport: 'Transport',
  water: 'Water',
}
export const regionNames: Record<string, string> = {
  'north-east': 'North East',
  'north-west': 'North West',
  yorkshire: 'Yorkshire and the Humber',
  'east-midlands': 'East Midlands',
  'west-midlands': 'West Midlands',
  'east-of-england': 'East of England',
  london: 'London',
  'south-east': 'South East',
  'south-west': 'South West',
  wales: 'Wales',
  scotland: 'Scotland',
  'northern-ireland': 'Northern Ireland',
}
export const sizeNames: Record<string, string> = {
  '1-9': '1 to 9 people',
  '10-49': '10 to 49 people',
  '50-249': '50 to 249 people',
  '250-999': '250 to 999 people',
  '1000+': '1,000 people or more',
}
export const sectors = pairs(sectorNames)
export const regions = pairs(regionNames)
export const sizes = pairs(sizeNames)
export const sectorName = (v: string) => sectorNames[v] ?? v
