/** What a check of a message has to say about one place in it. */
export interface Remark {
  /** The profile of this process (profiles/), the dictionary of the message's HL7 version, or FHIR itself. */
  readonly check: 'profile' | 'dictionary' | 'fhir';
  readonly severity: 'error' | 'warning' | 'information';
  /** Stable code in capitals: `REQUIRED_MISSING`. */
  readonly code: string;
  /** Segment, or path: `PV1`, `PV1-19.1`, `NK1[2]-3`; never a value. */
  readonly location: string;
  /** What is wrong; never a value of a person's field. */
  readonly text: string;
  /** What cannot be done because of it: `without PV1-19 the stay cannot be followed`. */
  readonly consequence?: string;
}
