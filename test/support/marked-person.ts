/** A person whose every field is a marker that can be found again where it must not be. */
export const marked = {
  personnummer: '189002029800',
  family: 'Markörsson',
  given: 'Märkvärdig',
  address: { street: 'Märkgatan 99', postalCode: '99999', city: 'Markörstad' },
  municipality: '1480',
};
export const markers: readonly string[] = [
  marked.personnummer,
  marked.personnummer.slice(2),
  marked.family,
  marked.given,
  ...Object.values(marked.address),
];
