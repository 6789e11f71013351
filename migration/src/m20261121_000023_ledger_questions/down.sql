drop view public.budget_reconciliation;
