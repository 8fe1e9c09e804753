-- Evaluators, insurers and guarantors are asked without a product: it belongs to the terms of a bank, and to no other's.
ALTER TABLE assignment
    DROP CONSTRAINT assignment_terms_whole,
    ADD CONSTRAINT assignment_terms_whole CHECK (num_nulls(role, issued_at, issued_version) IN (0, 3)),
    ADD CONSTRAINT assignment_product_whole CHECK (num_nulls(product_id, product_version) IN (0, 2)),
    -- Role 1 is a bank.
    ADD CONSTRAINT assignment_product_of_banks CHECK ((product_id IS NOT NULL) = coalesce(role = 1, false)),
    ADD CONSTRAINT assignment_role_known CHECK (role BETWEEN 1 AND 9);
