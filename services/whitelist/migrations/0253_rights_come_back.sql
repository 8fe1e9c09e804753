-- A right that ended for want of an annuity can be restored (RS01), and what a decision left of one can be maintained (IR03).
ALTER TABLE ip_asset_event
    DROP CONSTRAINT ip_asset_event_code_known,
    ADD CONSTRAINT ip_asset_event_code_known CHECK (code IN ('PE01', 'PM01', 'PC01', 'PP01', 'PD01', 'TR01', 'EE01',
        'EM01', 'EC01', 'IP', 'IW', 'CF01', 'CX01', 'TD01', 'TD02', 'IR01', 'IR02', 'IR03', 'RS01'));
