import fc from 'fast-check';

it('property tests draw the same values in every run, unless PROPERTY_SEED says otherwise', () => {
  const wanted = process.env['PROPERTY_SEED'] ?? '20261121';
  expect(fc.readConfigureGlobal().seed).toBe(wanted === 'random' ? undefined : Number(wanted));
});
