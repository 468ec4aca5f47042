// The portal's icons: line drawings on a grid of 20.
const I = {
  home: 'M3 10.5 10 4l7 6.5M5 9v8h10V9',
  alert: 'M10 3a5 5 0 0 1 5 5v4l1.6 2.6H3.4L5 12V8a5 5 0 0 1 5-5zM8.4 17h3.2',
  search: 'M9 3.5a5.5 5.5 0 1 1 0 11 5.5 5.5 0 0 1 0-11zM13 13l4 4',
  desk: 'M3 5h14M3 10h14M3 15h8',
  campaign: 'M4 5a1.6 1.6 0 1 0 0 .1M16 5a1.6 1.6 0 1 0 0 .1M10 15a1.6 1.6 0 1 0 0 .1M5 6.2l4 7M15 6.2l-4 7M5.8 5h8.4',
  wall: 'M3 4h14v9H3zM7 17h6M10 13v4',
  write: 'M4 16l1-4 8-8 3 3-8 8zM11.500 5.500l3 3',
  noise: 'M3 10h2l2-5 3 10 3-8 1.500 3H17',
  check: 'M4 10.500 8 14.500 16 5.500',
  menu: 'M3 5h14M3 10h14M3 15h14',
  x: 'M5 5l10 10M15 5 5 15',
  stop: 'M7 3h6l4 4v6l-4 4H7l-4-4V7zM7 10h6',
  eye: 'M2 10s3-5.500 8-5.500 8 5.500 8 5.500-3 5.500-8 5.500S2 10 2 10zM10 12.300a2.300 2.300 0 1 0 0-4.600 2.300 2.300 0 0 0 0 4.600',
  lock: 'M5 9h10v8H5zM7 9V6.500a3 3 0 0 1 6 0V9',
  back: 'M12 4l-6 6 6 6',
  file: 'M5 3h7l3 3v11H5zM12 3v3h3',
  question: 'M7 7.500A3 3 0 1 1 11 10.500c-.8.5-1 1-1 2M10 15.500v.1',
  groups:
    'M6 8.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5zM14 8.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5z' +
    'M10 17a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5z',
  people: 'M10 9.500a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM4 16.500c.6-3 3-4.500 6-4.500s5.400 1.500 6 4.500',
  firm: 'M4 17V4h8v13M12 8h4v9M2 17h16M6.500 7h3M6.500 10h3M6.500 13h3',
  key: 'M7 13a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7zM10.500 9.500H18v3M15 9.500v2.500',
  sponsor: 'M10 4v12M4 10h12',
  terms: 'M5 3h8l3 3v11H5zM8 8h5M8 11h5M8 14h3',
  mail: 'M3 5h14v10H3zM3 6l7 5 7-5',
  settings: 'M3 6h6M13 6h4M3 14h3M10 14h7M11 4v4M8 12v4',
  out: 'M8 4H4v12h4M9 10h8M14 7l3 3-3 3',
} as const
export type IconName = keyof typeof I
export const Icon = ({ n, size = 20 }: { n: IconName; size?: number }) => (
  <svg
    viewBox="0 0 20 20"
    width={size}
    height={size}
    fill="none"
    stroke="currentColor"
    strokeWidth="1.7"
    strokeLinecap="round"
    strokeLinejoin="round"
    aria-hidden="true"
  >
    <path d={I[n]} />
  </svg>
)
