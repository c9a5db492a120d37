/** The receipt of a message service: UBL ApplicationResponse 2.1 by the federation's profile. */

export interface ReceiptWords {
  /** Of the message that is answered. */
  readonly id: string;
  /** `ACCEPTED` where left out. */
  readonly code?: string;
  /** Reason and the receiver's own status code. */
  readonly lines?: readonly (readonly [reason: string, status: string])[];
  readonly date?: string;
  /** With its offset. */
  readonly time?: string;
  readonly text?: string;
}

/** As a message service words it. Pure. */
export function receiptXml({
  id,
  code = 'ACCEPTED',
  lines = [],
  date = '2022-03-07',
  time = '12:00:05Z',
  text = 'Fel',
}: ReceiptWords): string {
  const line = ([reason, status]: readonly [string, string]): string => `
    <cac:LineResponse>
      <cac:LineReference><cbc:LineID>/messagePayload</cbc:LineID></cac:LineReference>
      <cac:Response>
        <cbc:ResponseCode>${reason}</cbc:ResponseCode>
        <cac:Status><cbc:StatusReasonCode>${status}</cbc:StatusReasonCode><cbc:StatusReason>${text}</cbc:StatusReason></cac:Status>
      </cac:Response>
    </cac:LineResponse>`;
  const ubl = 'urn:oasis:names:specification:ubl:schema:xsd:';
  return `<?xml version="1.0" encoding="UTF-8"?>
<ApplicationResponse xmlns="${ubl}ApplicationResponse-2"
  xmlns:cac="${ubl}CommonAggregateComponents-2" xmlns:cbc="${ubl}CommonBasicComponents-2">
  <cbc:CustomizationID>urn:fdc:digg.se:edelivery:messagetype:response:1</cbc:CustomizationID>
  <cbc:ProfileID>bdx:noprocess</cbc:ProfileID>
  <cbc:ID>receipt-1</cbc:ID>
  <cbc:IssueDate>${date}</cbc:IssueDate>
  <cbc:IssueTime>${time}</cbc:IssueTime>
  <cac:SenderParty><cbc:EndpointID schemeID="iso6523-actorid-upis">0203:kommun.example.se</cbc:EndpointID></cac:SenderParty>
  <cac:ReceiverParty><cbc:EndpointID schemeID="iso6523-actorid-upis">0203:region.example.se</cbc:EndpointID></cac:ReceiverParty>
  <cac:DocumentResponse>
    <cac:Response><cbc:ResponseCode>${code}</cbc:ResponseCode></cac:Response>
    <cac:DocumentReference><cbc:ID>${id}</cbc:ID></cac:DocumentReference>${lines.map(line).join('')}
  </cac:DocumentResponse>
</ApplicationResponse>
`;
}
